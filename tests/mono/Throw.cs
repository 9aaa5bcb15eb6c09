// A C# exception that leaves a dispatched callback. Mono unwinds over the library's frames as longjmp does; the next
// dispatch must find the queue whole.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

static class Throw {
    const int WARM_UP = 200, THROWS = 1000, BATCH = 50;

    class Thrown : Exception { }

    [StructLayout(LayoutKind.Sequential)]
    struct Heap { public UIntPtr Arena, A, B, C, D, E, F, Used, G, H; }
    [DllImport("libc.so.6")]
    static extern Heap mallinfo2();

    static readonly Hb.EventFn onEvent = OnEvent; // kept: native code holds a pointer to it during a dispatch
    static readonly Dictionary<ulong, int> dones = new Dictionary<ulong, int>();
    static ulong lastTag;
    static int texts, thrown, mainThread;
    static bool throws;

    static int OnEvent(IntPtr happened, IntPtr context) {
        var what = Hb.Read(happened);
        if (what.Kind == Hb.EVENT_TEXT) texts += 1;
        if (what.Kind == Hb.EVENT_DONE) {
            dones.TryGetValue(what.Tag, out var before);
            dones[what.Tag] = before + 1;
        }
        if (Thread.CurrentThread.ManagedThreadId != mainThread) throw new Exception("on another thread");
        if (throws) throw new Thrown();
        return Hb.CONTINUE;
    }

    // Requests of which every event's callback throws, until so many more were thrown; how many dispatches came back.
    static int ThrowOut(IntPtr client, IntPtr queue, int count) {
        int returned = 0, until = thrown + count;
        throws = true;
        while (thrown < until) {
            ulong wanted = lastTag + BATCH;
            while (lastTag < wanted) Hb.Start(client, queue, ++lastTag);
            while (dones.Count < (int)lastTag) {
                try {
                    if (Hb.hb_queue_dispatch(queue, onEvent, IntPtr.Zero, 0, 0, out var handled) < 0) return -1;
                    if (handled > 0) returned += 1;
                    Thread.Sleep(0);
                } catch (Thrown) {
                    thrown += 1;
                }
            }
        }
        throws = false;
        return returned;
    }

    static long Used() { GC.Collect(); GC.WaitForPendingFinalizers(); return (long)(ulong)mallinfo2().Used; }

    static int Main() {
        mainThread = Thread.CurrentThread.ManagedThreadId;
        IntPtr client = Hb.Client(""), queue = Hb.Queue();
        int returned = ThrowOut(client, queue, WARM_UP);
        long before = Used();
        thrown = 0;
        returned += ThrowOut(client, queue, THROWS);
        long grown = Used() - before;
        Console.WriteLine("# " + dones.Count + " requests, " + thrown + " exceptions, heap grown by " + grown);
        Verdict.Check(returned == 0, "every dispatch that calls is left by the exception", returned);
        // An event alone takes more than twice as much.
        Verdict.Check(grown < 64 * thrown, "what is left behind does not add up", grown + " bytes");

        Hb.Start(client, queue, ++lastTag);
        uint handled = 0;
        int status = Hb.OK;
        while (status == Hb.OK && !dones.ContainsKey(lastTag)) {
            status = Hb.hb_queue_dispatch(queue, onEvent, IntPtr.Zero, 0, 0, out handled);
        }
        Verdict.Check(status == Hb.OK && handled > 0, "without an exception a dispatch returns", status);
        bool once = true;
        foreach (var count in dones.Values) once &= count == 1;
        Verdict.Check(once && dones.Count == (int)lastTag, "each request ended once", dones.Count);
        Verdict.Check(texts >= dones.Count, "each had its text", texts);
        Hb.hb_queue_free(queue);
        Hb.hb_client_free(client);
        return Verdict.End();
    }
}
