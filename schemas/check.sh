#!/usr/bin/env bash
# Checks the contract with xmllint: what must be accepted is, what must be refused is, and the schemas keep
# their own rules. Ends with one line of counts; exit 1 on any surprise.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C

command -v xmllint >/dev/null || { echo "xmllint is missing (Debian: libxml2-utils)" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
surprises=0 accepted=0 refused=0 envelopes=0 limits=0 rules=0

surprise() { echo "SURPRISE: $*" >&2; surprises=$((surprises + 1)); }

# valid, invalid (well-formed, but not by the schema) or broken (not well-formed, or the schema does not compile)
verdict() { # schema file
  local code=0
  xmllint --nonet --noout --schema "$1" "$2" >"$scratch/why" 2>&1 || code=$?
  case $code in
    0) verdict=valid ;;
    3) verdict=invalid ;;
    *) verdict=broken ;;
  esac
}

schema_of() {
  case $(basename "$1") in
    meldenMutaties*) schema=mutatieontvanger-v1.xsd ;;
    *) schema=whitelabel-v1.xsd ;;
  esac
}

rule() { # description command…
  local description=$1
  shift
  rules=$((rules + 1))
  "$@" || surprise "$description"
}
lacks() { ! grep -nE "$1" "${@:2}" >&2; }

# 1. The schemas and WSDLs themselves
for file in *.xsd *.wsdl samples/*.xsd; do
  rule "$file is not well-formed" xmllint --nonet --noout "$file"
done
rule "a construct that generators handle badly" \
  lacks '<xs:(choice|all|any|attribute|attributeGroup|group|include|redefine|enumeration|extension)[ />]|nillable=' ./*.xsd
rule "a type without a name" lacks '<xs:(complexType|simpleType)>' ./*.xsd
rule "a SOAP 1.2 binding" lacks 'wsdl/soap12' ./*.wsdl
rule "a header block of our own" lacks '<soap:header' ./*.wsdl
rule "a message part by type" lacks '<wsdl:part [^>]*type=' ./*.wsdl
rule "a message part that is not named body" lacks '<wsdl:part name="([^b]|b[^o])' ./*.wsdl

# 2. Every operation has both messages, and samples of both kinds for its request
names() { sed -nE "s/^  <xs:element name=\"([A-Za-z]+)$1\".*/\\1/p" whitelabel-v1.xsd mutatieontvanger-v1.xsd | sort; }
operations=$(names Request)
rule "requests and answers do not pair up" test "$operations" = "$(names Response)"
for operation in $operations; do
  for pattern in "valid/${operation}Request" "valid/${operation}Response" "invalid/${operation}Request" "invalid/${operation}Response"; do
    rule "no sample $pattern-*" compgen -G "samples/$pattern-*.xml" >/dev/null
  done
done

# 3. Every operation in a WSDL has its messages, its binding and its actions
for wsdl in *.wsdl; do
  space=$(sed -nE 's/.*targetNamespace="([^"]+)".*/\1/p' "$wsdl")
  for operation in $(sed -nE 's/.*<wsdl:operation name="([A-Za-z]+)".*/\1/p' "$wsdl" | sort -u); do
    rule "$wsdl: $operation is not in the XSD" grep -qx "$operation" <<<"$operations"
    rule "$wsdl: $operation stands not once in the port type and once in the binding" \
      test "$(grep -c "<wsdl:operation name=\"$operation\"" "$wsdl")" = 2
    for text in "<soap:operation soapAction=\"$space/$operation\"" \
      "<wsdl:message name=\"${operation}Request\"" "<wsdl:message name=\"${operation}Response\"" \
      "wsam:Action=\"$space/$operation\"" "wsam:Action=\"$space/${operation}Response\""; do
      rule "$wsdl: lacks $text" grep -qF -- "$text" "$wsdl"
    done
  done
done

# 4. Samples
for file in samples/valid/*.xml; do
  schema_of "$file"
  verdict "$schema" "$file"
  if [ "$verdict" = valid ]; then accepted=$((accepted + 1)); else surprise "$file is $verdict"; cat "$scratch/why" >&2; fi
done
for file in samples/invalid/*.xml; do
  schema_of "$file"
  verdict "$schema" "$file"
  if [ "$verdict" = invalid ]; then refused=$((refused + 1)); else surprise "$file is $verdict"; fi
  rule "$file does not say why" grep -qE -m1 '^<!-- .+ -->$' "$file"
done
for file in samples/envelopes/*.xml; do
  verdict samples/soap11-envelop.xsd "$file"
  if [ "$verdict" = valid ]; then envelopes=$((envelopes + 1)); else surprise "$file is $verdict"; cat "$scratch/why" >&2; fi
done

# 5. The published limits: the last number that fits, and the first that does not
repeat() { # count text
  yes "$2" 2>/dev/null | head -n "$1" || true
}
limit() { # operation wrapper item count
  local number expected
  for number in "$4" "$(($4 + 1))"; do
    if [ "$number" = "$4" ]; then expected=valid; else expected=invalid; fi
    {
      echo "<$1Request xmlns=\"urn:stagepoort:whitelabel:v1\"><$2>"
      repeat "$number" "<$3/>"
      echo "</$2></$1Request>"
    } >"$scratch/limit.xml"
    verdict whitelabel-v1.xsd "$scratch/limit.xml"
    if [ "$verdict" = "$expected" ]; then limits=$((limits + 1)); else surprise "$1 with $number $3 is $verdict"; fi
  done
}
limit natrekkenErkenningen verzoeken verzoek 10000
limit vaststellenLeerbedrijven rijen rij 1000
limit registrerenBpvos bpvos bpvo 10000
limit aanmeldenAbonnement codes code 1000
limit aanmeldenAbonnement mutatieSoorten mutatieSoort 20
limit vergelijkenMutaties stukken stuk 1000

echo "schemas: $accepted accepted, $refused refused, $envelopes envelopes, $limits limits, $rules rules, $surprises surprises"
[ "$surprises" = 0 ]
