"""Commands that cut across rooms: they read a close folder, never change it."""
