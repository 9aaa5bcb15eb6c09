//! Any text in sentences: put together they are the text, none is longer than the bound, and the pieces in which the text
//! comes change nothing.
#![no_main]

use hyperbolic_core::wire::sentences::Segmenter;

/// No sentence is longer than twice this, and a character.
const LONG: usize = 2_000;

fn sentences<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut segmenter, mut all) = (Segmenter::default(), Vec::new());
    for piece in pieces {
        segmenter.push(piece, &mut |sentence| all.push(sentence.to_owned()));
    }
    segmenter.flush(&mut |sentence| all.push(sentence.to_owned()));
    assert!(segmenter.is_empty());
    all
}

/// Cuts a text into pieces whose lengths its own bytes choose.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let wanted = 1 + usize::from(*rest.as_bytes().first()?) % 7;
        let end = (wanted..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Some of them longer than what is held at most.
    let is_repeated = text.len() % 16 == 0;
    let times = if is_repeated { 1 + 3 * LONG / text.len().max(50) } else { 1 };
    let text = text.repeat(times);
    let whole = sentences(std::iter::once(&*text));
    assert_eq!(whole.concat(), text);
    assert!(whole.iter().all(|sentence| !sentence.is_empty() && sentence.len() < 2 * LONG + 4));
    assert_eq!(sentences(cut(&text)), whole);
    let characters = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
    assert_eq!(sentences(characters), whole);
});
