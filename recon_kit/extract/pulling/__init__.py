"""What pulling from Stripe and from Salesforce share: snapshots, their store, the pace, further tries, the record."""
