// What the programs here need of the library, as C# declares it, and their verdicts.
using System;
using System.Runtime.InteropServices;
using System.Text;

static class Hb {
    public const int OK = 0;
    public const uint EVENT_TEXT = 1, EVENT_DONE = 5;
    public const int CONTINUE = 0;

    [StructLayout(LayoutKind.Sequential)]
    public struct Event {
        public uint StructSize, Kind;
        public ulong Op, Tag;
        public IntPtr Text;
        public UIntPtr TextLength;
        public IntPtr Name, Id, Response, Error;
        public long DelayMs;
        public uint Choice, ToolCall, Attempt;
        public int Status;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    public delegate int EventFn(IntPtr happened, IntPtr context);

    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern IntPtr hb_options_from_env();
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_options_set_header(IntPtr options, string name, byte[] value, UIntPtr length);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_options_free(IntPtr options);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_client_new(IntPtr options, out IntPtr client, out IntPtr error);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_client_free(IntPtr client);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern IntPtr hb_request_new(byte[] model, UIntPtr length);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_request_add_message(IntPtr request, string role, byte[] text, UIntPtr length);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_request_free(IntPtr request);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_start(IntPtr client, IntPtr request, IntPtr queue, ulong tag, out ulong op,
                                      out IntPtr error);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_queue_new(out IntPtr queue, out IntPtr error);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_queue_next(IntPtr queue, int timeoutMs, out IntPtr happened);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern int hb_queue_dispatch(IntPtr queue, EventFn onEvent, IntPtr context, uint maxEvents,
                                               uint budgetUs, out uint handled);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_queue_close(IntPtr queue);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_queue_free(IntPtr queue);
    [DllImport("hyperbolic", CallingConvention = CallingConvention.Cdecl)]
    public static extern void hb_event_free(IntPtr happened);

    // Of hb_queue_next and of a callback.
    public static Event Read(IntPtr happened) {
        return (Event)Marshal.PtrToStructure(happened, typeof(Event));
    }

    static UIntPtr Length(byte[] bytes) { return (UIntPtr)(uint)bytes.Length; }

    // A client whose requests carry a script of the simulator's.
    public static IntPtr Client(string faults) {
        var options = hb_options_from_env();
        var script = Encoding.UTF8.GetBytes(faults);
        hb_options_set_header(options, "x-simulator-fault", script, Length(script));
        var status = hb_client_new(options, out var client, out _);
        hb_options_free(options);
        if (status != OK) throw new Exception("no client: " + status);
        return client;
    }

    public static IntPtr Queue() {
        var status = hb_queue_new(out var queue, out _);
        if (status != OK) throw new Exception("no queue: " + status);
        return queue;
    }

    public static void Start(IntPtr client, IntPtr queue, ulong tag) {
        byte[] model = Encoding.UTF8.GetBytes("meta-llama/Llama-3.3-70B-Instruct"), text = Encoding.UTF8.GetBytes("Hi");
        var request = hb_request_new(model, Length(model));
        hb_request_add_message(request, "user", text, Length(text));
        var status = hb_start(client, request, queue, tag, out _, out _);
        hb_request_free(request);
        if (status != OK) throw new Exception("no request: " + status);
    }
}

static class Verdict {
    static bool failed;

    public static void Check(bool good, string name, object why) {
        Console.WriteLine(good ? "ok " + name : "not ok " + name + ": " + why);
        failed |= !good;
    }

    public static int End() { return failed ? 1 : 0; }
}
