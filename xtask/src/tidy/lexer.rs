//! Just enough of Rust's grammar to tell code from comments and literals.

/// A string literal and the line it begins on, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) line: usize,
    /// What stands between the quotes, escapes as written.
    pub(super) text: String,
}

/// What a stretch of source is.
enum Piece {
    Code,
    Comment,
    Text,
    Character,
}

/// Source with comments and literals blanked out, line by line as before, and the string literals.
pub(super) fn split(source: &str) -> (String, Vec<Literal>) {
    let mut code = String::with_capacity(source.len());
    let mut literals = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while !rest.is_empty() {
        let (piece, length) = next_piece(rest);
        let (text, after) = rest.split_at(length);
        match piece {
            Piece::Code => code.push_str(text),
            Piece::Comment | Piece::Character => code.push_str(&blank(text)),
            Piece::Text => {
                literals.push(Literal { line, text: between_quotes(text).to_owned() });
                code.push_str(&blank(text));
            }
        }
        line += text.matches('\n').count();
        rest = after;
    }
    (code, literals)
}

fn next_piece(rest: &str) -> (Piece, usize) {
    if rest.starts_with("//") {
        (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Piece::Comment, block_comment_length(rest))
    } else if rest.starts_with('"') {
        (Piece::Text, quoted_length(rest, '"'))
    } else if let Some(length) = raw_string_length(rest) {
        (Piece::Text, length)
    } else if is_character(rest) {
        (Piece::Character, quoted_length(rest, '\''))
    } else {
        let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        (Piece::Code, word.max(first))
    }
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Length of a literal that begins with `quote` and knows backslash escapes.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Length of `r"..."`, `r#"..."#` and their byte and C forms, if one begins here.
fn raw_string_length(rest: &str) -> Option<usize> {
    let after_r = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let inside = after_r.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let opening = rest.len() - inside.len();
    Some(inside.find(&end).map_or(rest.len(), |at| opening + at + end.len()))
}

/// A quote begins a character, and not a lifetime, when a backslash follows or the second next is a quote again.
fn is_character(rest: &str) -> bool {
    let mut letters = rest.chars();
    letters.next() == Some('\'') && (letters.next() == Some('\\') || letters.next() == Some('\''))
}

fn between_quotes(literal: &str) -> &str {
    let inside = literal.split_once('"').map_or(literal, |(_, after)| after);
    inside.trim_end_matches('#').strip_suffix('"').unwrap_or(inside)
}

fn blank(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[track_caller]
    fn check(source: &str, code: &str, literals: &[(usize, &str)]) {
        let (found_code, found_literals) = split(source);
        assert_eq!(found_code.split_whitespace().collect::<Vec<_>>().join(" "), code);
        assert_eq!(found_code.matches('\n').count(), source.matches('\n').count());
        let found: Vec<_> =
            found_literals.iter().map(|literal| (literal.line, literal.text.as_str())).collect();
        assert_eq!(found, literals);
    }

    #[test]
    fn comments_are_no_code() {
        check("a // \"x\"\nb", "a b", &[]);
        check("a /* b /* c */ d */ e", "a e", &[]);
    }

    #[test]
    fn literals_are_kept_with_their_line() {
        check("f(\n\"a\\\"b\", b\"c\")", "f( , b )", &[(2, "a\\\"b"), (2, "c")]);
        check("x(r#\"a \"quoted\" b\"#, y)", "x( , y)", &[(1, "a \"quoted\" b")]);
        check("\"a\nb\"; \"c\"", "; ;".strip_suffix(" ;").unwrap(), &[(1, "a\nb"), (2, "c")]);
    }

    #[test]
    fn characters_are_not_lifetimes() {
        check("fn f<'a>(x: &'a str) { '\"'; '\\''; r#type }", "fn f<'a>(x: &'a str) { ; ; r#type }", &[]);
    }
}
