"""The XSD as a model: it turns a plain dict into XML and XML into the dict that the JSON should be.

A list is a wrapper in XML, absent when empty; in JSON it is an array that is always there. Numbers and
booleans take their type from the XSD. So the answers of both transports can be compared with `==`.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from kit.demo import SCHEMAS

XS = "{http://www.w3.org/2001/XMLSchema}"
SPACE = "urn:stagepoort:whitelabel:v1"
OPERATIONS = (
    "vaststellenLeerbedrijf",
    "vaststellenLeerbedrijven",
    "natrekkenErkenning",
    "natrekkenErkenningen",
    "opvragenDetailgegevens",
    "zoekenLeerplaatsen",
    "registrerenBpvos",
    "opvragenBpvos",
    "aanmeldenAbonnement",
    "opvragenAbonnementen",
    "wijzigenAbonnement",
    "beeindigenAbonnement",
    "opvragenMutaties",
    "vergelijkenMutaties",
)

_PLAIN = {"int": int, "long": int, "boolean": lambda text: text in ("true", "1"), "decimal": float}


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    required: bool
    repeated: bool


class Contract:
    def __init__(self):
        self.tree = etree.parse(str(SCHEMAS / "whitelabel-v1.xsd"))
        self.schema = etree.XMLSchema(self.tree)
        root = self.tree.getroot()
        self.elements = {e.get("name"): _local(e.get("type")) for e in root.findall(f"{XS}element")}
        self.complex = {e.get("name"): _fields(e) for e in root.findall(f"{XS}complexType")}
        self.base = {
            e.get("name"): _local(e.find(f"{XS}restriction").get("base")) for e in root.findall(f"{XS}simpleType")
        }

    def item(self, type_name: str) -> Field | None:
        """The repeated field of a list wrapper; None for any other type."""
        fields = self.complex.get(type_name, ())
        return fields[0] if len(fields) == 1 and fields[0].repeated else None

    # ---- dict to XML

    def to_xml(self, element: str, value: dict) -> str:
        """A request in the contract's namespace, fields in the order of the XSD."""
        inside = self._content(self.elements[element], value)
        return f'<{element} xmlns="{SPACE}">{inside}</{element}>'

    def _content(self, type_name: str, value) -> str:
        item = self.item(type_name)
        if item is not None:
            return "".join(f"<{item.name}>{self._content(item.type, one)}</{item.name}>" for one in value)
        if type_name not in self.complex:
            return escape(str(value).lower() if isinstance(value, bool) else str(value))
        known = [field.name for field in self.complex[type_name]]
        assert set(value) <= set(known), f"{type_name} has no {set(value) - set(known)}"
        return "".join(
            f"<{field.name}>{self._content(field.type, value[field.name])}</{field.name}>"
            for field in self.complex[type_name]
            if field.name in value
        )

    # ---- XML to dict

    def to_dict(self, element) -> dict:
        """The answer as JSON should have it."""
        name = etree.QName(element)
        assert name.namespace == SPACE, element.tag
        return self._value(self.elements[name.localname], element)

    def _value(self, type_name: str, element):
        item = self.item(type_name)
        if item is not None:
            return [self._value(item.type, child) for child in element]
        if type_name not in self.complex:
            return self._plain(type_name, element.text or "")
        children = {etree.QName(child).localname: child for child in element}
        fields = self.complex[type_name]
        unknown = set(children) - {field.name for field in fields}
        assert not unknown, f"{type_name} has no {unknown}"
        value = {}
        for field in fields:
            if field.name in children:
                value[field.name] = self._value(field.type, children[field.name])
            elif self.item(field.type) is not None:
                value[field.name] = []
        return value

    def _plain(self, type_name: str, text: str):
        while type_name in self.base:
            type_name = self.base[type_name]
        return _PLAIN.get(type_name, str)(text)


def _fields(complex_type) -> tuple[Field, ...]:
    return tuple(
        Field(
            name=e.get("name"),
            type=_local(e.get("type")),
            required=e.get("minOccurs", "1") != "0",
            repeated=e.get("maxOccurs", "1") != "1",
        )
        for e in complex_type.findall(f"{XS}sequence/{XS}element")
    )


def _local(qname: str) -> str:
    return qname.rpartition(":")[2]


CONTRACT = Contract()
