//! The matrix as a page: one file, without script, for screen and paper.

use std::fmt::Write;

use custodian::authz::Level;
use custodian::authz::policy::Question;

use super::matrix::{Cell, Kind, LETTERS, Matrix, Type};

const STYLE: &str = include_str!("page.css");

/// The page. Whatever a colour says stands there as a word, too.
pub(super) fn page(matrix: &Matrix<'_>) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>Access matrix</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>Access matrix</h1>\n<p>What each role may do with each field. Policy <code>{}</code>.</p>\n",
        escaped(matrix.policy.version())
    );
    legend(&mut html);
    contents(&mut html, matrix);
    html.push_str("</header>\n<main>\n");
    for (kind, title) in
        [(Kind::Rows, "Fields"), (Kind::Values, "Values and payloads"), (Kind::Operations, "Operations")]
    {
        let types: Vec<&Type<'_>> = matrix.types.iter().filter(|of| of.kind == kind).collect();
        if !types.is_empty() {
            table(&mut html, title, matrix, &types);
        }
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

// Writing to a string cannot fail, here and below.

fn legend(html: &mut String) {
    html.push_str("<dl class=\"legend\">\n");
    for (level, meaning) in [
        (Level::Clear, "shown as it is; filtered and ordered by"),
        (Level::Masked, "shown in its partial form"),
        (Level::Denied, "not shown"),
    ] {
        let word = level.word();
        let _ = writeln!(html, "<div><dt class=\"{word}\">{word}</dt><dd>{meaning}</dd></div>");
    }
    for (question, letter, meaning) in LETTERS {
        let word = question.word();
        let _ = writeln!(html, "<div><dt><b>{letter}</b> {word}</dt><dd>may be {meaning}</dd></div>");
    }
    html.push_str(
        "<div><dt>rows</dt><dd>own, assigned, reseller, tenant or all; – for none</dd></div>\n</dl>\n",
    );
}

fn contents(html: &mut String, matrix: &Matrix<'_>) {
    html.push_str("<nav aria-label=\"Types\"><ul>\n");
    for of in &matrix.types {
        let name = escaped(of.name);
        let _ = writeln!(html, "<li><a href=\"#{name}\">{name}</a></li>");
    }
    html.push_str("</ul></nav>\n");
}

fn table(html: &mut String, title: &str, matrix: &Matrix<'_>, types: &[&Type<'_>]) {
    let _ = write!(
        html,
        "<table>\n<caption>{title}</caption>\n<thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Class</th>"
    );
    for rights in &matrix.roles {
        // A long name may break between its words.
        let name = escaped(rights.role()).replace('_', "_<wbr/>");
        let _ = write!(html, "<th scope=\"col\">{name}</th>");
    }
    html.push_str("</tr></thead>\n");
    for of in types {
        let name = escaped(of.name);
        let _ = write!(html, "<tbody id=\"{name}\">\n<tr class=\"type\"><th scope=\"rowgroup\">{name}</th>");
        let label = if of.kind == Kind::Rows { "rows" } else { "" };
        let _ = write!(html, "<td>{label}</td>");
        for rights in &matrix.roles {
            let scope = if of.kind == Kind::Rows { Matrix::scope(rights, of.name) } else { "" };
            let _ = write!(html, "<td>{}</td>", scope.replace('-', "–"));
        }
        html.push_str("</tr>\n");
        for (full, field) in &of.fields {
            let name = escaped(full.split_once('.').map_or(*full, |(_, name)| name));
            let (classification, category) = matrix.facts(*field);
            let class = format!("{classification} {category}");
            let class = class.trim_end_matches([' ', '-']);
            let _ = write!(html, "<tr title=\"{}\"><th scope=\"row\">{name}</th>", escaped(full));
            let _ = write!(html, "<td class=\"class\">{}</td>", escaped(class));
            for rights in &matrix.roles {
                write_cell(html, &Matrix::cell(rights, full, *field), of.kind == Kind::Operations);
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n");
    }
    html.push_str("</table>\n");
}

fn write_cell(html: &mut String, cell: &Cell, is_operation: bool) {
    let word = match cell.level {
        Level::Clear if is_operation => "may",
        level => level.word(),
    };
    let _ = write!(html, "<td class=\"{}\">{word}", cell.level.word());
    for (question, letter, _) in LETTERS.iter().filter(|(question, ..)| cell.verbs.contains(question)) {
        let _ = write!(html, " <abbr title=\"{}\">{letter}</abbr>", Question::word(*question));
    }
    html.push_str("</td>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
