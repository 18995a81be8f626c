//! The OpenAPI description as a page to read, made from the description itself.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::page::{STYLE, escape};

/// The whole page.
pub(super) fn page(document: &Value) -> String {
    let title = text(&document["info"]["title"]);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – REST-naslag</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"sprong\" href=\"#inhoud\">Naar de inhoud</a>\n\
         <header><div class=\"breed\"><p class=\"merk\">Stagepoort</p>\
         <nav aria-label=\"Onderdelen\"><a href=\"/\">Aansluiten</a>\
         <a href=\"#bewerkingen\">Bewerkingen</a><a href=\"#schemas\">Schema’s</a>\
         <a href=\"/v1/openapi.json\">openapi.json</a></nav></div></header>\n\
         <main id=\"inhoud\" class=\"breed\">\n<h1>REST-naslag</h1>\n"
    );
    for paragraph in text(&document["info"]["description"]).split("\n\n") {
        let _ = writeln!(html, "<p>{paragraph}</p>");
    }
    let server = text(&document["servers"][0]["url"]);
    let _ = writeln!(
        html,
        "<p>Versie {}, <code>{server}</code></p>",
        text(&document["info"]["version"])
    );
    html.push_str("<h2 id=\"bewerkingen\">Bewerkingen</h2>\n");
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            add_operation(&mut html, document, path, method, operation);
        }
    }
    html.push_str("<h2 id=\"schemas\">Schema’s</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        add_schema(&mut html, document, name, schema);
    }
    html.push_str("</main>\n<footer><div class=\"breed\">Stagepoort · EUPL-1.2</div></footer>\n</body>\n</html>\n");
    html
}

fn add_operation(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let id = text(&operation["operationId"]);
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"{id}\"><h3 id=\"{id}\">{summary}</h3>\n\
         <p><span class=\"methode\">{method}</span><code>{path}</code></p>\n<p>{description}</p>",
        summary = text(&operation["summary"]),
        method = method.to_uppercase(),
        path = escape(path),
        description = text(&operation["description"]),
    );
    let parameters: Vec<&Value> = items(&operation["parameters"])
        .map(|parameter| resolved(document, parameter))
        .collect();
    if !parameters.is_empty() {
        html.push_str("<h4>Invoer</h4>\n<div class=\"tabel\"><table><tbody>\n");
        for parameter in parameters {
            let required = parameter["required"] == true;
            let _ = writeln!(
                html,
                "<tr><td><code>{}</code></td><td>{}{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                if required { ", verplicht" } else { "" },
                text(&parameter["description"]),
            );
        }
        html.push_str("</tbody></table></div>\n");
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if body.is_object() {
        let _ = writeln!(html, "<h4>Body: {}</h4>", type_of(&body["schema"]));
        add_examples(html, body);
    }
    html.push_str("<h4>Antwoorden</h4>\n<ul class=\"antwoorden\">\n");
    for (status, response) in members(&operation["responses"]) {
        let response = resolved(document, response);
        let description = text(&response["description"]);
        for (media_type, content) in members(&response["content"]) {
            let _ = writeln!(
                html,
                "<li><strong>{status}</strong> {description} – {}",
                type_of(&content["schema"]),
            );
            if media_type == "application/json" {
                add_examples(html, content);
            }
            html.push_str("</li>\n");
        }
    }
    html.push_str("</ul>\n</section>\n");
}

fn add_examples(html: &mut String, content: &Value) {
    for (_, example) in members(&content["examples"]) {
        let value = escape(&format!("{:#}", example["value"]));
        let _ = writeln!(
            html,
            "<details><summary>{}</summary><pre tabindex=\"0\"><code>{value}</code></pre></details>",
            text(&example["summary"]),
        );
    }
}

fn add_schema(html: &mut String, document: &Value, name: &str, schema: &Value) {
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"schema-{name}\"><h3 id=\"schema-{name}\">{name}</h3>\n<p>{}</p>",
        text(&schema["description"]),
    );
    let values: Vec<String> = items(&schema["enum"])
        .map(|value| format!("<code>{}</code>", text(value)))
        .collect();
    if !values.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", values.join(" "));
    }
    let mut rows = String::new();
    add_rows(&mut rows, document, schema);
    if !rows.is_empty() {
        let _ = writeln!(
            html,
            "<div class=\"tabel\"><table><tbody>\n{rows}</tbody></table></div>"
        );
    }
    html.push_str("</section>\n");
}

/// Rows for the properties of a schema, with those of the schemas that it is made of.
fn add_rows(rows: &mut String, document: &Value, schema: &Value) {
    for part in items(&schema["allOf"]) {
        add_rows(rows, document, resolved(document, part));
    }
    let required: Vec<&Value> = items(&schema["required"]).collect();
    for (name, property) in members(&schema["properties"]) {
        let always = required.iter().any(|r| r.as_str() == Some(name));
        let _ = writeln!(
            rows,
            "<tr><td><code>{name}</code></td><td>{}{}</td><td>{}</td></tr>",
            type_of(property),
            if always { ", altijd aanwezig" } else { "" },
            text(&property["description"]),
        );
    }
}

/// What a schema is, in a word or a link.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let parts = items(&schema[key]).filter(|part| part["type"] != "null");
        let names: Vec<String> = parts.map(type_of).collect();
        if !names.is_empty() {
            return names.join(" of ");
        }
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            let words: Vec<String> = kinds.map(|kind| word_of(kind, schema)).collect();
            words.join(" of ")
        }
        kind => word_of(kind.as_str().unwrap_or_default(), schema),
    }
}

fn word_of(kind: &str, schema: &Value) -> String {
    match kind {
        "array" => format!("lijst van {}", type_of(&schema["items"])),
        "string" => schema["format"]
            .as_str()
            .map_or_else(|| "tekst".to_owned(), escape),
        "integer" => "geheel getal".to_owned(),
        "number" => "getal".to_owned(),
        "boolean" => "waar of onwaar".to_owned(),
        other => escape(other),
    }
}

fn resolved<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    node["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(node)
}

fn members(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flat_map(Map::iter)
}

fn items(node: &Value) -> impl Iterator<Item = &Value> {
    node.as_array().into_iter().flatten()
}

fn text(node: &Value) -> String {
    escape(node.as_str().unwrap_or_default())
}
