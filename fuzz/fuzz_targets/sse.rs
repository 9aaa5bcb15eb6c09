//! Any bytes, read whole and in small reads: the same events. The first byte is the size of the small reads.
#![no_main]

use hyperbolic_core::wire::sse::{Event, Sse};
use hyperbolic_core::wire::{Bound, Limits};

fn events(
    reads: impl Iterator<Item = impl AsRef<[u8]>>,
) -> (Vec<(Vec<u8>, Vec<u8>, bool)>, Result<(), Bound>) {
    let limits = Limits { line: 1000, event: 1500, ..Limits::default() };
    let (mut sse, mut out) = (Sse::default(), Vec::new());
    let mut keep = |event: Event<'_>| {
        out.push((event.name.to_vec(), event.data.to_vec(), event.bare));
        Ok(())
    };
    for read in reads {
        if let Err(bound) = sse.feed(read.as_ref(), &limits, &mut keep) {
            return (out, Err(bound));
        }
    }
    let end = sse.finish(&limits, &mut keep);
    (out, end)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = events(std::iter::once(bytes));
    assert_eq!(whole, events(bytes.chunks(1 + usize::from(*size % 32))));
});
