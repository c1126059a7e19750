// BitTtt.cs - the layer of Bit-TTT for C#, by P/Invoke: copy this file; the language model is in
// BitLlama.cs.
//
// Runs on mono, .NET and, as a script, in Unity. The shared library is looked for in this order:
// BitTttLibrary.Load(path), the environment variable BIT_TTT_LIBRARY (a path), the system's loader.
// In Unity it is a plugin of the project, and nothing else is looked at.
//
// Ownership: a Layer owns its C counterpart; Dispose frees it, twice is fine, and later use throws
// ObjectDisposedException. The library keeps no array of yours.
// Threads: a Layer takes one call at a time, and a second one meanwhile throws (Status Busy);
// different layers work in parallel.
// Failure: a call succeeds whole or throws BitTttException and changes nothing.
// SPDX-License-Identifier: MIT
using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace BitTtt
{
    /// <summary>A failed call, which has changed nothing.</summary>
    public sealed class BitTttException : Exception
    {
        /// <summary>A ttt_status of base.h; from 60 on those of this file.</summary>
        public int Status { get; }

        public BitTttException(int status, string message) : base(message) { Status = status; }

        public const int DimensionMismatch = 2, NonFinite = 3, OutOfMemory = 6, InvalidConfig = 7,
            ModelFormat = 40, InvalidArgument = 60, Busy = 62, LibraryUnavailable = 64;

        internal static void Check(int status)
        {
            if (status != 0) throw new BitTttException(status, Native.Text(status));
        }
    }

    public enum Objective { Reconstruct = 0, Predict = 1 }

    /// <summary>Gradient: one step a token. Rls: recursive least squares with forgetting.</summary>
    public enum Rule { Gradient = 0, Rls = 1 }

    /// <summary>The library as a whole.</summary>
    public static class BitTttLibrary
    {
        static readonly object gate = new object();
        static string loaded; // its path, or "" where the system found it

        /// <summary>Loads the library, from a path if one is given. Happens by itself at the first
        /// use; a second path throws, as one process holds one library.</summary>
        public static void Load(string path = null)
        {
            lock (gate)
            {
                if (loaded != null && (path == null || path == loaded)) return;
                if (loaded != null)
                    throw new BitTttException(BitTttException.InvalidArgument,
                        "the library is loaded already, from '" + loaded + "'");
                string from = path ?? Environment.GetEnvironmentVariable("BIT_TTT_LIBRARY") ?? "";
                if (from != "") Native.Redirect(from);
                try
                {
                    Probe();
                    loaded = from;
                }
                catch (Exception e) when (e is DllNotFoundException ||
                    e is BadImageFormatException || e is EntryPointNotFoundException)
                {
                    throw new BitTttException(BitTttException.LibraryUnavailable,
                        "cannot load the library " + (from != "" ? from : Native.Name + "; set " +
                        "BIT_TTT_LIBRARY to its path") + " (" + e.GetType().Name + ")");
                }
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Probe() { Native.ttt_version(); }

        /// <summary>Loads the library, then makes a call. A method of its own, since mono looks for
        /// the library of all calls in a method before its first line runs.</summary>
        internal static T Use<T>(Func<T> call)
        {
            Load();
            return call();
        }

        public static string Version
        {
            get { return Use(() => Native.String(Native.ttt_version())); }
        }
        public static string Kernel
        {
            get { return Use(() => Native.String(Native.ttt_kernel())); }
        }

        /// <summary>The same number on every machine, kernel and target.</summary>
        public static ulong ConformanceHash()
        {
            return Use(() =>
            {
                BitTttException.Check(Native.ttt_conformance_hash(out ulong hash));
                return hash;
            });
        }
    }

    /// <summary>An object that takes one call at a time.</summary>
    public abstract class OneAtATime
    {
        int busy;

        protected void Enter()
        {
            if (Interlocked.Exchange(ref busy, 1) != 0)
                throw Wrong(BitTttException.Busy, "another thread is using this " + GetType().Name);
        }

        protected void Leave() { Volatile.Write(ref busy, 0); }

        protected T Get<T>(Func<T> call)
        {
            Enter();
            try { return call(); }
            finally { Leave(); }
        }

        protected void Call(Func<int> call) { BitTttException.Check(Get(call)); }

        protected static BitTttException Wrong(int status, string message)
        {
            return new BitTttException(status, message);
        }
    }

    /// <summary>What a Layer is made from.</summary>
    public sealed class LayerOptions
    {
        /// <summary>Floats a token, 4 to 65536.</summary>
        public int HiddenDim = 64;
        public Objective Objective = Objective.Reconstruct;
        /// <summary>Stable from 0 to below 2; 0.1 (reconstruct), 0.5 (predict) unless given.
        /// </summary>
        public float? InnerRate;
        public Rule Rule = Rule.Gradient;
        /// <summary>Of Rule.Rls: above 0.9, at most 1.</summary>
        public float Forgetting = 0.9995f;
        /// <summary>Of Rule.Rls: 1e-6 to 1e6; the smaller, the faster a direction is learnt.</summary>
        public float Ridge = 0.005f;
        /// <summary>Of the fixed ternary weights.</summary>
        public ulong Seed = 1;
        /// <summary>1 to 64, the calling one included; no effect on results.</summary>
        public int Threads = 1;
    }

    /// <summary>A memory that learns with every token (HiddenDim floats) it reads.</summary>
    public sealed class Layer : OneAtATime, IDisposable
    {
        readonly LayerHandle handle;
        public int HiddenDim { get; }
        public int MemoryDim { get { return HiddenDim / 4; } }

        public Layer(LayerOptions options = null)
        {
            options = options ?? new LayerOptions();
            bool predict = options.Objective == Objective.Predict;
            float rate = options.InnerRate ?? (predict ? 0.5f : 0.1f);
            if (options.HiddenDim < 4 || options.HiddenDim > 65536)
                throw Wrong(BitTttException.DimensionMismatch,
                    "HiddenDim must be 4 to 65536, not " + options.HiddenDim);
            if (options.Threads < 1 || options.Threads > 64)
                throw Wrong(BitTttException.InvalidConfig,
                    "Threads must be 1 to 64, not " + options.Threads);
            if (float.IsNaN(rate) || float.IsInfinity(rate))
                throw Wrong(BitTttException.InvalidConfig, "InnerRate must be finite");
            if (!(options.Forgetting > 0.9f && options.Forgetting <= 1))
                throw Wrong(BitTttException.InvalidConfig,
                    "Forgetting must be above 0.9 and at most 1, not " + options.Forgetting);
            if (!(options.Ridge >= 1e-6f && options.Ridge <= 1e6f))
                throw Wrong(BitTttException.InvalidConfig,
                    "Ridge must be 1e-6 to 1e6, not " + options.Ridge);
            handle = BitTttLibrary.Use(() => Make(options, rate));
            HiddenDim = options.HiddenDim;
        }

        static LayerHandle Make(LayerOptions options, float rate)
        {
            Native.ttt_config_init(out Native.Config config);
            config.objective = (uint)options.Objective;
            config.hiddenDim = (ulong)options.HiddenDim;
            config.seed = options.Seed;
            config.innerRate = rate;
            config.threads = (uint)options.Threads;
            config.rule = (uint)options.Rule;
            config.forgetting = options.Forgetting;
            config.ridge = options.Ridge;
            int status = Native.ttt_create_from_config(ref config, out LayerHandle made);
            BitTttException.Check(status);
            return made;
        }

        Layer(LayerHandle made, int hiddenDim) { handle = made; HiddenDim = hiddenDim; }

        /// <summary>Reads tokens, learns from each, and returns as many floats.</summary>
        public float[] Forward(float[] input)
        {
            var output = new float[input == null ? 0 : input.Length];
            Observe(input, output, null);
            return output;
        }

        /// <summary>The same, with the surprise of each token: 1 for one never seen, towards 0 as
        /// it becomes known.</summary>
        public float[] Observe(float[] input, out float[] surprise)
        {
            var output = new float[input == null ? 0 : input.Length];
            var found = new float[output.Length / HiddenDim];
            Observe(input, output, found);
            surprise = found;
            return output;
        }

        /// <summary>The same without garbage: fills output (may be input itself) and surprise (one
        /// float a token, or null).</summary>
        public void Observe(float[] input, float[] output, float[] surprise)
        {
            if (input == null) throw new ArgumentNullException("input");
            if (output == null) throw new ArgumentNullException("output");
            int count = input.Length, tokens = count / HiddenDim;
            if (count == 0 || count % HiddenDim != 0)
                throw Wrong(BitTttException.DimensionMismatch,
                    "the input must be whole tokens of " + HiddenDim + " floats; it has " + count);
            if (output.Length != count)
                throw Wrong(BitTttException.DimensionMismatch,
                    "the output must have " + count + " floats, not " + output.Length);
            if (surprise != null && surprise.Length != tokens)
                throw Wrong(BitTttException.DimensionMismatch,
                    "surprise must have " + tokens + " floats, not " + surprise.Length);
            int status;
            Enter();
            try
            {
                status = Native.ttt_forward_ex(handle, input, (UIntPtr)count, (UIntPtr)tokens,
                    output, (UIntPtr)count, surprise);
            }
            finally { Leave(); }
            if (status == BitTttException.NonFinite) throw NonFinite(input);
            BitTttException.Check(status);
        }

        static BitTttException NonFinite(float[] input)
        {
            int at = Array.FindIndex(input, x => float.IsNaN(x) || float.IsInfinity(x));
            return Wrong(BitTttException.NonFinite, "input[" + at + "] is a NaN or an infinity");
        }

        /// <summary>The memory as bytes, which load on any machine.</summary>
        public byte[] Save()
        {
            return Get(() =>
            {
                var state = new byte[(long)Native.ttt_state_size(handle)];
                BitTttException.Check(Native.ttt_save_state(handle, state, (UIntPtr)state.Length));
                return state;
            });
        }

        /// <summary>Replaces the memory by one saved from a layer of the same options.</summary>
        public void Load(byte[] state)
        {
            if (state == null) throw new ArgumentNullException("state");
            Call(() => Native.ttt_load_state(handle, state, (UIntPtr)state.Length));
        }

        /// <summary>Empties the memory.</summary>
        public void Reset() { Call(() => Native.ttt_reset(handle)); }

        /// <summary>A second layer with a copy of the memory.</summary>
        public Layer Clone()
        {
            LayerHandle twin = Get(() => Native.ttt_clone(handle));
            if (twin.IsInvalid) BitTttException.Check(BitTttException.OutOfMemory);
            return new Layer(twin, HiddenDim);
        }

        /// <summary>The matrix W, MemoryDim x MemoryDim, row after row.</summary>
        public float[] Memory()
        {
            var w = new float[MemoryDim * MemoryDim];
            Call(() => Native.ttt_get_memory(handle, w));
            return w;
        }

        /// <summary>The ternary matrices, row after row ([in][out]).</summary>
        public void GetWeights(out sbyte[] down, out sbyte[] up)
        {
            sbyte[] first = new sbyte[HiddenDim * MemoryDim], second = new sbyte[first.Length];
            Call(() => Native.ttt_get_weights(handle, first, second));
            down = first;
            up = second;
        }

        /// <summary>Replaces them (-1, 0, 1) and empties the memory.</summary>
        public void SetWeights(sbyte[] down, sbyte[] up)
        {
            int size = HiddenDim * MemoryDim;
            if (down == null || up == null || down.Length != size || up.Length != size)
                throw Wrong(BitTttException.DimensionMismatch,
                    "down and up must have " + size + " weights");
            Call(() => Native.ttt_set_weights(handle, down, up));
        }

        public ulong TokensSeen { get { return Get(() => Native.ttt_tokens_seen(handle)); } }

        public void Dispose() { handle.Dispose(); }
    }

    /// <summary>A pointer of the library, freed once, and never while a call uses it.</summary>
    abstract class Handle : SafeHandle
    {
        protected Handle() : base(IntPtr.Zero, true) { }
        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }
    }

    sealed class LayerHandle : Handle
    {
        protected override bool ReleaseHandle() { Native.ttt_destroy(handle); return true; }
    }

    static partial class Native
    {
        internal const string Name = "Bit_TTT";
        const CallingConvention Cdecl = CallingConvention.Cdecl;

        [StructLayout(LayoutKind.Sequential)]
        internal struct Config
        {
            internal uint size, objective;
            internal ulong hiddenDim, seed;
            internal float innerRate;
            internal uint threads, rule;
            internal float forgetting, ridge;
            internal uint reserved;
        }

        internal static string String(IntPtr text) { return Marshal.PtrToStringAnsi(text); }
        internal static string Text(int status) { return String(ttt_status_string(status)); }

        /// <summary>Makes the runtime open this file wherever the library's name stands below.
        /// </summary>
        internal static void Redirect(string path)
        {
            if (!File.Exists(path))
                throw new BitTttException(BitTttException.LibraryUnavailable,
                    "cannot load the library " + path + " (no such file)");
#if NET5_0_OR_GREATER
            NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, assembly, search) =>
                name == Name ? NativeLibrary.Load(Path.GetFullPath(path)) : IntPtr.Zero);
#elif !UNITY_5_3_OR_NEWER
            mono_dllmap_insert(IntPtr.Zero, Name, null, Path.GetFullPath(path), null);
#endif
        }

#if !NET5_0_OR_GREATER && !UNITY_5_3_OR_NEWER
        [DllImport("__Internal")]
        static extern void mono_dllmap_insert(IntPtr assembly, string dll, string function,
                                              string targetDll, string targetFunction);
#endif

        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern IntPtr ttt_version();
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern IntPtr ttt_kernel();
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern IntPtr ttt_status_string(int status);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_conformance_hash(out ulong hash);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void ttt_config_init(out Config config);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_create_from_config(ref Config config, out LayerHandle layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void ttt_destroy(IntPtr layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_forward_ex(LayerHandle layer, float[] input,
            UIntPtr inputLength, UIntPtr tokens, float[] output, UIntPtr outputLength,
            float[] surprise);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_set_weights(LayerHandle layer, sbyte[] down, sbyte[] up);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_get_weights(LayerHandle layer, [Out] sbyte[] down,
            [Out] sbyte[] up);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_reset(LayerHandle layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern LayerHandle ttt_clone(LayerHandle layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern UIntPtr ttt_state_size(LayerHandle layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_save_state(LayerHandle layer, [Out] byte[] state,
            UIntPtr size);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_load_state(LayerHandle layer, byte[] state, UIntPtr size);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern ulong ttt_tokens_seen(LayerHandle layer);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int ttt_get_memory(LayerHandle layer, [Out] float[] w);
    }
}
