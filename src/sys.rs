//! What differs by system: the signal mask of our threads, and noticing a fork.

use std::io;

#[cfg(target_os = "linux")]
pub use linux::{forked, mark_process};
#[cfg(not(target_os = "linux"))]
pub use portable::{forked, mark_process};

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
    let made = spawn();
    // SAFETY: `before` was filled above. It cannot fail: the arguments are the same but for the set.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    Ok(made)
}

/// Windows has no signals of this kind.
#[cfg(not(unix))]
pub fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> io::Result<T> {
    Ok(spawn())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

    const MARKED: u8 = 1;

    /// A page that the kernel wipes in a forked child: to read it costs a nanosecond, to ask for the process id
    /// costs a hundred times that. NULL until threads were started.
    static MARK: AtomicPtr<AtomicU8> = AtomicPtr::new(null_mut());

    /// Marks this process as the one whose threads were started.
    pub fn mark_process() -> io::Result<()> {
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

    /// Whether this is a child of the process whose threads were started: it has none of them.
    pub fn forked() -> bool {
        let page = MARK.load(Ordering::Acquire);
        // SAFETY: not NULL only once it points to the page.
        !page.is_null() && unsafe { (*page).load(Ordering::Relaxed) } != MARKED
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
