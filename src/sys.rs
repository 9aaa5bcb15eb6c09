//! What differs by system: the signal mask of our threads, noticing a fork, stacks, and what an event loop polls.

use std::io;

#[cfg(target_os = "linux")]
pub use linux::{forked, mark_process, signal, stack};
#[cfg(not(target_os = "linux"))]
pub use portable::{forked, mark_process};
#[cfg(all(unix, not(target_os = "linux")))]
pub use unix::{signal, stack};
#[cfg(windows)]
pub use windows::{signal, stack};

/// Runs `spawn` with every signal blocked that may be: the threads it makes inherit the mask. Without it a reset
/// connection kills a host by SIGPIPE, and the host's handlers run on threads that it does not know.
#[cfg(unix)]
pub fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> io::Result<T> {
    /// Those that report a fault of the thread itself; blocked, they would kill the process unseen.
    const FAULTS: [libc::c_int; 7] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGSYS];
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut blocked = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset fills the set that the calls after it read; pthread_sigmask fills `before` on success.
    let result = unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        for signal in FAULTS {
            libc::sigdelset(blocked.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, blocked.as_ptr(), before.as_mut_ptr())
    };
    if result != 0 {
        return Err(io::Error::from_raw_os_error(result));
    }
    // SAFETY: filled by the call that succeeded.
    let _restored = Mask(unsafe { before.assume_init() });
    Ok(spawn())
}

/// The signal mask that the calling thread had; dropped, the thread has it again. A guard, because what spawns
/// threads panics when there are none left, and a host whose thread kept the mask would not hear Ctrl-C again.
#[cfg(unix)]
struct Mask(libc::sigset_t);

#[cfg(unix)]
impl Drop for Mask {
    fn drop(&mut self) {
        // SAFETY: a mask that pthread_sigmask filled. It cannot fail: its arguments are valid.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// Windows has no signals of this kind.
#[cfg(not(unix))]
pub fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> io::Result<T> {
    Ok(spawn())
}

#[cfg(target_os = "linux")]
mod linux {
    use hyperbolic_core::queue::Signal;
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::mem::MaybeUninit;
    use std::ops::Range;
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

    const MARKED: u8 = 1;

    /// A page that the kernel wipes in a forked child: to read it costs a nanosecond, to ask for the process id
    /// costs a hundred times that. NULL until threads were started.
    static MARK: AtomicPtr<AtomicU8> = AtomicPtr::new(null_mut());

    /// Marks this process as the one whose threads were started.
    pub fn mark_process() -> io::Result<()> {
        if !MARK.load(Ordering::Acquire).is_null() {
            return Ok(());
        }
        let page = page()?;
        // SAFETY: `page` is a mapping of at least one byte, zeroed, that is never unmapped.
        unsafe { (*page).store(MARKED, Ordering::Relaxed) };
        MARK.store(page, Ordering::Release);
        Ok(())
    }

    fn page() -> io::Result<*mut AtomicU8> {
        // SAFETY: asks for memory of its own and touches none that exists.
        unsafe {
            let length = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let page = libc::mmap(null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            if page == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            // Linux 4.14. An older kernel leaves the mark in the child, which then hangs as any library would.
            libc::madvise(page, length, libc::MADV_WIPEONFORK);
            Ok(page.cast())
        }
    }

    /// A counter in the kernel, readable while it is not 0.
    struct Counter(File);

    impl Signal for Counter {
        fn raise(&self) {
            // It cannot fail: it was 0, and so is far from full.
            let _ = (&self.0).write(&1u64.to_ne_bytes());
        }

        fn lower(&self) {
            // To read is to set it to 0. If it is 0 already, it says so at once.
            let _ = (&self.0).read(&mut [0; 8]);
        }

        fn handle(&self) -> isize {
            self.0.as_raw_fd() as isize
        }
    }

    /// A descriptor that an event loop can wait for; closed in programs that this one starts.
    pub fn signal() -> io::Result<Box<dyn Signal>> {
        // SAFETY: makes a descriptor and touches no memory.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else's.
        Ok(Box::new(Counter(unsafe { File::from_raw_fd(descriptor) })))
    }

    /// The addresses of the calling thread's stack; empty if they cannot be found.
    pub fn stack() -> Range<usize> {
        let mut attributes = MaybeUninit::uninit();
        let (mut lowest, mut size) = (null_mut(), 0);
        // SAFETY: on success the first call fills `attributes`, which the next reads and the last gives back.
        unsafe {
            if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
                return 0..0;
            }
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
        }
        lowest.addr()..lowest.addr() + size
    }

    /// Whether this is a child of the process whose threads were started: it has none of them.
    pub fn forked() -> bool {
        let page = MARK.load(Ordering::Acquire);
        // SAFETY: not NULL only once it points to the page.
        !page.is_null() && unsafe { (*page).load(Ordering::Relaxed) } != MARKED
    }
}

/// macOS and the BSDs.
#[cfg(all(unix, not(target_os = "linux")))]
mod unix {
    use hyperbolic_core::queue::Signal;
    use std::io::{self, PipeReader, PipeWriter, Read, Write};
    use std::ops::Range;
    use std::os::fd::AsRawFd;

    /// A pipe that holds one byte while it is raised.
    struct Pipe {
        reader: PipeReader,
        writer: PipeWriter,
    }

    impl Signal for Pipe {
        fn raise(&self) {
            // It cannot fail: the pipe was empty, and its other end is ours.
            let _ = (&self.writer).write(&[1]);
        }

        fn lower(&self) {
            // If it is empty already, it says so at once.
            let _ = (&self.reader).read(&mut [0; 8]);
        }

        fn handle(&self) -> isize {
            self.reader.as_raw_fd() as isize
        }
    }

    /// A descriptor that an event loop can wait for; closed in programs that this one starts.
    pub fn signal() -> io::Result<Box<dyn Signal>> {
        let (reader, writer) = io::pipe()?;
        for descriptor in [reader.as_raw_fd(), writer.as_raw_fd()] {
            // SAFETY: sets a flag of a descriptor that is ours, and touches no memory.
            if unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Box::new(Pipe { reader, writer }))
    }

    /// The addresses of the calling thread's stack, which begins at its highest.
    #[cfg(target_vendor = "apple")]
    pub fn stack() -> Range<usize> {
        // SAFETY: both look at the calling thread, which exists.
        let (highest, size) = unsafe {
            let thread = libc::pthread_self();
            (libc::pthread_get_stackaddr_np(thread).addr(), libc::pthread_get_stacksize_np(thread))
        };
        highest - size..highest
    }

    /// Not known here.
    #[cfg(not(target_vendor = "apple"))]
    pub fn stack() -> Range<usize> {
        0..0
    }
}

#[cfg(windows)]
mod windows {
    use hyperbolic_core::queue::Signal;
    use std::io;
    use std::ops::Range;
    use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
    use std::ptr::null;
    use windows_sys::Win32::System::Threading::{
        CreateEventW, GetCurrentThreadStackLimits, ResetEvent, SetEvent,
    };

    /// A manual-reset event.
    struct Event(OwnedHandle);

    impl Signal for Event {
        fn raise(&self) {
            // SAFETY: the handle is open as long as `self`. It cannot fail on an event that is ours.
            unsafe { SetEvent(self.0.as_raw_handle()) };
        }

        fn lower(&self) {
            // SAFETY: as above.
            unsafe { ResetEvent(self.0.as_raw_handle()) };
        }

        fn handle(&self) -> isize {
            self.0.as_raw_handle() as isize
        }
    }

    /// A handle that can be waited for; programs that this one starts do not get it.
    pub fn signal() -> io::Result<Box<dyn Signal>> {
        // SAFETY: NULL is the default security and no name; nothing else is read.
        let handle = unsafe { CreateEventW(null(), 1, 0, null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else's.
        Ok(Box::new(Event(unsafe { OwnedHandle::from_raw_handle(handle) })))
    }

    /// The addresses of the calling thread's stack.
    pub fn stack() -> Range<usize> {
        let (mut lowest, mut end) = (0, 0);
        // SAFETY: fills both.
        unsafe { GetCurrentThreadStackLimits(&raw mut lowest, &raw mut end) };
        lowest..end
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// The process whose threads were started, or 0.
    static STARTED: AtomicU32 = AtomicU32::new(0);

    /// Marks this process as the one whose threads were started.
    pub fn mark_process() -> io::Result<()> {
        STARTED.store(std::process::id(), Ordering::Release);
        Ok(())
    }

    /// Whether this is a child of the process whose threads were started.
    pub fn forked() -> bool {
        let started = STARTED.load(Ordering::Acquire);
        started != 0 && started != std::process::id()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::with_signals_blocked;
    use std::mem::MaybeUninit;
    use std::panic::catch_unwind;

    fn interrupt_is_blocked() -> bool {
        let mut mask = MaybeUninit::uninit();
        // SAFETY: without a new mask the call only fills `mask`, which is then read.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), mask.as_mut_ptr());
            libc::sigismember(mask.as_ptr(), libc::SIGINT) == 1
        }
    }

    #[test]
    fn a_thread_gets_its_signals_back_however_it_leaves() {
        assert!(with_signals_blocked(interrupt_is_blocked).unwrap());
        assert!(!interrupt_is_blocked());
        assert!(catch_unwind(|| with_signals_blocked(|| panic!("no threads"))).is_err());
        assert!(!interrupt_is_blocked());
    }
}
