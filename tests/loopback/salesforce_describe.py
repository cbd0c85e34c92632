"""What describe tells of an object."""

from .salesforce_company import NUMERIC, PREFIX_OF, Entity, relationship_of, target_of


def summary(entity: Entity, root: str) -> dict[str, object]:
    urls = {
        "sobject": f"{root}/sobjects/{entity.name}",
        "describe": f"{root}/sobjects/{entity.name}/describe",
        "rowTemplate": f"{root}/sobjects/{entity.name}/{{ID}}",
    }
    return {
        "name": entity.name,
        "label": entity.name,
        "custom": entity.name.endswith("__c"),
        "keyPrefix": PREFIX_OF.get(entity.name),
        "queryable": True,
        "retrieveable": True,
        "urls": urls,
    }


def described(entity: Entity, root: str) -> dict[str, object]:
    """What describe tells of an object."""
    fields = [_field(entity, column) for column in entity.own]
    if "BillingCity" in entity.types:
        fields.append(_blank("BillingAddress", "address") | {"filterable": False})
    return summary(entity, root) | {"fields": fields, "childRelationships": [], "recordTypeInfos": []}


def _blank(name: str, kind: str) -> dict[str, object]:
    return {
        "name": name, "label": name.removesuffix("__c").replace("_", " "), "type": kind, "custom": name.endswith("__c"), "nillable": name != "Id", "calculated": False, "filterable": True, "sortable": True,
        "length": 18 if kind in ("id", "reference") else 0 if kind in NUMERIC or kind in ("boolean", "date", "datetime") else 255, "precision": 18 if kind in NUMERIC else 0, "scale": 2 if kind in NUMERIC else 0,
        "referenceTo": [], "relationshipName": None, "compoundFieldName": None, "deprecatedAndHidden": False,
    }  # fmt: skip


def _field(entity: Entity, column: str) -> dict[str, object]:
    told = _blank(column, entity.types[column])
    if entity.types[column] == "reference":
        told |= {"referenceTo": [target_of(entity, column)], "relationshipName": relationship_of(column)}
    if column.startswith("Billing") and not column.endswith("__c"):
        told |= {"compoundFieldName": "BillingAddress"}
    return told
