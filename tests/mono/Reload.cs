// Play and Stop as an engine does them: each play is an application domain of its own, unloaded in the middle of an
// answer. What it began in native code must end with it.
using System;
using System.IO;
using System.Reflection;
using System.Threading;

// How a play takes its events.
enum Way { Frames, Dispatch, Thread }

class Play : MarshalByRefObject {
    const int REQUESTS = 3;
    static readonly Hb.EventFn onEvent = OnEvent; // kept: native code holds a pointer to it during a dispatch
    static readonly int[] texts = new int[REQUESTS];
    IntPtr client, queue;
    Thread thread;

    // Comes back when every answer has begun, so that the server has had all requests.
    public void Begin(Way way, string faults) {
        AppDomain.CurrentDomain.DomainUnload += (sender, arguments) => End();
        client = Hb.Client(faults);
        queue = Hb.Queue();
        for (ulong i = 0; i < REQUESTS; i++) Hb.Start(client, queue, i);
        if (way == Way.Thread) {
            thread = new Thread(TakeUntilClosed);
            thread.Start();
        }
        while (!HasBegun()) {
            if (way == Way.Frames) TakeWhatWaits();
            else if (way == Way.Dispatch) Hb.hb_queue_dispatch(queue, onEvent, IntPtr.Zero, 0, 1000, out _);
            Thread.Sleep(1);
        }
    }

    // The domain goes. A thread that waits in native code cannot be aborted: it has to be let out first.
    void End() {
        if (thread != null) {
            Hb.hb_queue_close(queue);
            thread.Join();
        }
        Hb.hb_queue_free(queue);
        Hb.hb_client_free(client);
    }

    static int OnEvent(IntPtr happened, IntPtr context) {
        var read = Hb.Read(happened);
        if (read.Kind == Hb.EVENT_TEXT) Interlocked.Increment(ref texts[read.Tag]);
        return Hb.CONTINUE;
    }

    static bool HasBegun() {
        for (int i = 0; i < REQUESTS; i++) {
            if (Volatile.Read(ref texts[i]) == 0) return false;
        }
        return true;
    }

    void TakeWhatWaits() {
        while (Hb.hb_queue_next(queue, 0, out var happened) == Hb.OK) {
            OnEvent(happened, IntPtr.Zero);
            Hb.hb_event_free(happened);
        }
    }

    void TakeUntilClosed() {
        while (Hb.hb_queue_next(queue, -1, out var happened) == Hb.OK) {
            OnEvent(happened, IntPtr.Zero);
            Hb.hb_event_free(happened);
        }
    }
}

static class Reload {
    const int PLAYS = 50;
    // One stalls, one has more to say than anybody hears.
    static readonly string[] faults = { "stall-after=5", "words=20000,event-delay=1" };

    static void PlayAndStop(int index) {
        var domain = AppDomain.CreateDomain("play " + index);
        var play = (Play)domain.CreateInstanceAndUnwrap(Assembly.GetExecutingAssembly().FullName, "Play");
        play.Begin((Way)(index % 3), faults[index % 2]);
        AppDomain.Unload(domain);
    }

    // The library's threads, which are named; no play may leave any behind.
    static int Threads() {
        int count = 0;
        foreach (var task in Directory.GetDirectories("/proc/self/task")) {
            try {
                if (File.ReadAllText(task + "/comm").StartsWith("hyperbolic-")) count += 1;
            } catch (IOException) { } // it has just ended
        }
        return count;
    }

    static int Main() {
        for (int i = 0; i < PLAYS; i++) {
            PlayAndStop(i);
            Console.WriteLine("# play " + i + " is over");
        }
        Verdict.Check(true, PLAYS + " plays stop in the middle of an answer", "");
        Verdict.Check(Threads() <= 2, "and leave no thread but the two", Threads());
        return Verdict.End();
    }
}
