//! A proxy's page, as a message that fits a line.

/// Whether `text` is HTML or its like.
pub(super) fn is_html(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('<')
}

/// The longest message made of a page, in characters.
const PAGE_WORDS: usize = 200;

/// A page or plain text as a short message: the title of HTML, or else the beginning of its words.
pub(super) fn page_words(text: &str) -> String {
    let mut words = String::new();
    if is_html(text) {
        // ASCII lowering keeps every byte where it was.
        let lower = text.to_ascii_lowercase();
        let title = lower.find("<title").and_then(|at| {
            let from = at + lower[at..].find('>')? + 1;
            Some(from..from + lower[from..].find("</title")?)
        });
        match title {
            Some(range) => words.push_str(&text[range]),
            None => words = without_tags(text, &lower),
        }
        for (entity, character) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        {
            words = words.replace(entity, character);
        }
    } else {
        words.push_str(text);
    }
    let mut short = String::new();
    let words = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut length = 0;
    for word in words {
        if length > 0 {
            short.push(' ');
            length += 1;
        }
        let room = PAGE_WORDS.saturating_sub(length);
        let fits = word.char_indices().nth(room).map_or(word.len(), |(at, _)| at);
        short.push_str(&word[..fits]);
        length += word[..fits].chars().count();
        if fits < word.len() {
            short.push('…');
            break;
        }
    }
    short
}

/// The words of a page without its tags, scripts and styles.
fn without_tags(text: &str, lower: &str) -> String {
    let mut words = String::new();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<').map(|open| at + open) {
        words.push_str(&text[at..open]);
        words.push(' ');
        let end = ["script", "style"].into_iter().find(|name| lower[open + 1..].starts_with(name));
        let close = match end {
            Some(name) => lower[open..].find(&format!("</{name}")).map(|close| open + close + 1),
            None => Some(open),
        };
        let Some(end) = close.and_then(|close| lower[close..].find('>').map(|end| close + end + 1)) else {
            return words;
        };
        at = end;
    }
    words.push_str(&text[at..]);
    words
}

#[cfg(test)]
mod tests {
    use super::{PAGE_WORDS, page_words};
    use crate::error::Status;
    use crate::wire::errors::{in_text, not_an_answer, of_body};

    #[test]
    fn pages_become_short() {
        let long = "word ".repeat(1000);
        for page in
            [long.clone(), format!("<html>{long}"), format!("<title>{long}</title>"), "x".repeat(5000)]
        {
            let message = of_body(500, page.as_bytes()).message.clone();
            assert!((20..=PAGE_WORDS + 1).contains(&message.as_str().chars().count()), "{message}");
        }
        for (page, words) in [
            (
                "<!DOCTYPE html>\n<HTML><Title lang=en>\n 524: A timeout &lt;x&gt; </TITLE>",
                "524: A timeout <x>",
            ),
            ("<script>var a = '<p>';</script><style>b{}</style><h1>Down</h1><p>for now", "Down for now"),
            ("<", ""),
            ("<title>half", "half"),
            ("<script>", ""),
        ] {
            assert_eq!(page_words(page), words, "{page}");
        }
        assert_eq!(not_an_answer(200, b"<p>").status, Status::BadResponse);
        assert_eq!(in_text(b" boom\n", 200).message.as_str(), "boom");
    }
}
