// BitLlama.cs - the language model Bit-Llama for C#: copy it together with BitTtt.cs, whose rules
// of ownership, threads and failure hold here too.
//
// It speaks in token ids: turning text into them, and training, are not here.
// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace BitTtt
{
    /// <summary>How a token is chosen; see llama.h.</summary>
    public sealed class Sampling
    {
        public float Temperature = 0.7f, TopP = 1, MinP = 0.1f;
        /// <summary>0: the usual, 1.1, and off at temperature 0; 1: off.</summary>
        public float RepetitionPenalty = 0;
        public uint TopK = 0;
        public ulong Seed = 1;
    }

    /// <summary>A word that may be meant, and the probability that it comes next.</summary>
    public struct Suggestion
    {
        public string Text;
        public float Probability;
    }

    /// <summary>Bit-Llama: an immutable language model. Sessions may outlive it. It speaks in token
    /// ids; TokenizerJson is what a tokenizer library needs to turn text into them.</summary>
    public sealed class LlamaModel : IDisposable
    {
        readonly ModelHandle handle;

        /// <summary>From the bytes of a .bitt file, or of a .safetensors and its config.json; or
        /// of a model.safetensors.index.json and, by name, of the files that it names.</summary>
        public LlamaModel(byte[] data, byte[] config = null,
            IDictionary<string, byte[]> shards = null)
        {
            if (data == null) throw new ArgumentNullException("data");
            if (shards != null && shards.Values.Contains(null))
                throw new ArgumentNullException("shards");
            handle = BitTttLibrary.Use(() => Make(data, config, shards));
            VocabSize = (int)Config().vocabSize;
        }

        static ModelHandle Make(byte[] data, byte[] config, IDictionary<string, byte[]> shards)
        {
            UIntPtr length = (UIntPtr)data.Length;
            UIntPtr size = (UIntPtr)(config == null ? 0 : config.Length);
            ModelHandle made;
            Native.Error error;
            int status;
            if (shards == null)
                status = Native.bitllama_open(data, length, config, size, out made, out error);
            else
                using (var files = new PinnedFiles(shards))
                    status = Native.bitllama_open_sharded(data, length, files.Table,
                        (UIntPtr)files.Table.Length, config, size, out made, out error);
            if (status != 0) throw new BitTttException(status, error.text);
            return made;
        }

        /// <summary>Names and bytes, held in place for one call.</summary>
        sealed class PinnedFiles : IDisposable
        {
            readonly List<GCHandle> pins = new List<GCHandle>();
            internal readonly Native.Shard[] Table;

            internal PinnedFiles(IDictionary<string, byte[]> files)
            {
                Table = files.Select(file => new Native.Shard
                {
                    name = Pin(Encoding.UTF8.GetBytes(file.Key + "\0")),
                    bytes = Pin(file.Value),
                    size = (UIntPtr)file.Value.Length,
                }).ToArray();
            }

            IntPtr Pin(byte[] bytes)
            {
                if (bytes.Length == 0) bytes = new byte[1]; // or it would have no address
                pins.Add(GCHandle.Alloc(bytes, GCHandleType.Pinned));
                return pins[pins.Count - 1].AddrOfPinnedObject();
            }

            public void Dispose()
            {
                foreach (GCHandle pin in pins) pin.Free();
            }
        }

        Native.LlamaConfig Config()
        {
            Native.bitllama_get_config(handle, out Native.LlamaConfig shape);
            return shape;
        }

        /// <summary>A .bitt file; or a folder with a config.json and model.safetensors, or its
        /// index and shards.</summary>
        public static LlamaModel Open(string path)
        {
            if (!Directory.Exists(path)) return new LlamaModel(File.ReadAllBytes(path));
            byte[] config = File.ReadAllBytes(Path.Combine(path, "config.json"));
            string index = Path.Combine(path, "model.safetensors.index.json");
            string whole = Path.Combine(path, "model.safetensors");
            if (!File.Exists(index)) return new LlamaModel(File.ReadAllBytes(whole), config);
            string text = File.ReadAllText(index);
            Func<string, bool> named = file => text.Contains('"' + Path.GetFileName(file) + '"');
            var shards = Directory.GetFiles(path).Where(named) // and no file of another folder
                .ToDictionary(file => Path.GetFileName(file), file => File.ReadAllBytes(file));
            return new LlamaModel(File.ReadAllBytes(index), config, shards);
        }

        public int VocabSize { get; }
        public ulong Parameters { get { return Native.bitllama_parameters(handle); } }

        /// <summary>The tokenizer.json in the file, or null.</summary>
        public string TokenizerJson
        {
            get
            {
                IntPtr text = Native.bitllama_tokenizer_json(handle, out UIntPtr length);
                if ((ulong)length == 0) return null;
                var bytes = new byte[(int)length];
                Marshal.Copy(text, bytes, 0, bytes.Length);
                return Encoding.UTF8.GetString(bytes);
            }
        }

        /// <summary>A session that remembers the latest tokens word for word: `recall` of them, a
        /// power of two from 256 to 4194304, or 0 for none; `generated`: also what it writes.
        /// </summary>
        public LlamaSession CreateSession(uint recall = 32768, bool generated = false)
        {
            Native.bitllama_session_options_init(out Native.SessionOptions options);
            options.recall = recall;
            options.generated = generated ? 1u : 0;
            BitTttException.Check(Native.bitllama_session_create_with(handle, ref options,
                out SessionHandle made));
            return new LlamaSession(made, VocabSize);
        }

        public void Dispose() { handle.Dispose(); }
    }

    /// <summary>Reads tokens and learns from each; its size is bounded.</summary>
    public sealed class LlamaSession : OneAtATime, IDisposable
    {
        readonly SessionHandle handle;
        readonly int vocabSize;

        internal LlamaSession(SessionHandle made, int vocab) { handle = made; vocabSize = vocab; }

        /// <summary>Returns the log-probability (nats) of each token, and its surprise.</summary>
        public float[] Read(uint[] tokens, out float[] surprise)
        {
            if (tokens == null) throw new ArgumentNullException("tokens");
            float[] logprobs = new float[tokens.Length], found = new float[tokens.Length];
            Call(() => Native.bitllama_session_read(handle, tokens, (UIntPtr)tokens.Length,
                logprobs, found));
            surprise = found;
            return logprobs;
        }

        /// <summary>Reads tokens that were drawn: they are not remembered word for word, unless the
        /// session was made so.</summary>
        public void Write(uint[] tokens)
        {
            if (tokens == null) throw new ArgumentNullException("tokens");
            Call(() => Native.bitllama_session_write(handle, tokens, (UIntPtr)tokens.Length));
        }

        /// <summary>Chooses the next token, which is not read yet.</summary>
        public uint Draw(Sampling sampling = null)
        {
            sampling = sampling ?? new Sampling();
            Native.bitllama_sampling_init(out Native.SamplingOptions options);
            options.temperature = sampling.Temperature;
            options.topK = sampling.TopK;
            options.topP = sampling.TopP;
            options.minP = sampling.MinP;
            options.repetitionPenalty = sampling.RepetitionPenalty;
            options.seed = sampling.Seed;
            uint token = 0;
            Call(() => Native.bitllama_session_draw(handle, ref options, out token));
            return token;
        }

        /// <summary>Reads the prompt, then draws tokens and reads each in turn; a stop token ends
        /// it and is dropped.</summary>
        public IEnumerable<uint> Generate(uint[] prompt, int most, Sampling sampling = null,
                                          uint? stop = null)
        {
            Read(prompt, out _);
            for (int i = 0; i < most; i++)
            {
                uint token = Draw(sampling);
                if (token == stop) yield break;
                yield return token;
                Write(new[] { token });
            }
        }

        /// <summary>Completes a word: at most `count` words that begin with the letters typed, the
        /// likeliest first. They come after the tokens `before`, which follow what was read, with
        /// or without a space at their end. Nothing is learned by asking.</summary>
        public Suggestion[] Suggest(uint[] before, string typed, int count = 3,
                                    float minProbability = 0.003f)
        {
            if (before == null) throw new ArgumentNullException("before");
            if (typed == null) throw new ArgumentNullException("typed");
            byte[] letters = Encoding.UTF8.GetBytes(typed);
            Native.bitllama_suggesting_init(out Native.Suggesting asked);
            asked.count = (uint)count;
            asked.minProbability = minProbability;
            var list = new byte[Native.MaxSuggestions * Native.SuggestionBytes];
            uint found = 0;
            Call(() => Native.bitllama_session_suggest(handle, before, (UIntPtr)before.Length,
                letters, (UIntPtr)letters.Length, ref asked, list, out found));
            return Enumerable.Range(0, (int)found).Select(i => i * Native.SuggestionBytes)
                .Select(at => new Suggestion
                {
                    Probability = BitConverter.ToSingle(list, at),
                    Text = Encoding.UTF8.GetString(list, at + 8,
                        (int)BitConverter.ToUInt32(list, at + 4)),
                }).ToArray();
        }

        public float[] Logits()
        {
            var logits = new float[vocabSize];
            Call(() => Native.bitllama_session_logits(handle, logits));
            return logits;
        }

        public byte[] Save()
        {
            return Get(() =>
            {
                var state = new byte[(long)Native.bitllama_session_state_size(handle)];
                BitTttException.Check(
                    Native.bitllama_session_save(handle, state, (UIntPtr)state.Length));
                return state;
            });
        }

        public void Load(byte[] state)
        {
            if (state == null) throw new ArgumentNullException("state");
            Call(() => Native.bitllama_session_load(handle, state, (UIntPtr)state.Length));
        }

        public LlamaSession Fork()
        {
            SessionHandle twin = null;
            Call(() => Native.bitllama_session_fork(handle, out twin));
            return new LlamaSession(twin, vocabSize);
        }

        /// <summary>While frozen, reading uses the memories but does not change them.</summary>
        public void Freeze(bool frozen = true)
        {
            Call(() => Native.bitllama_session_freeze(handle, frozen ? 1 : 0));
        }

        public void Reset() { Call(() => Native.bitllama_session_reset(handle)); }
        public ulong TokensSeen
        {
            get { return Get(() => Native.bitllama_session_tokens(handle)); }
        }

        public void Dispose() { handle.Dispose(); }
    }

    sealed class ModelHandle : Handle
    {
        protected override bool ReleaseHandle() { Native.bitllama_release(handle); return true; }
    }

    sealed class SessionHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.bitllama_session_destroy(handle);
            return true;
        }
    }

    static partial class Native
    {
        [StructLayout(LayoutKind.Sequential)]
        internal struct SamplingOptions
        {
            internal uint size;
            internal float temperature;
            internal uint topK;
            internal float topP, minP, repetitionPenalty;
            internal ulong seed;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct SessionOptions
        {
            internal uint size, recall, generated;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Suggesting
        {
            internal uint size, count;
            internal float minProbability;
        }

        /// A bitllama_suggestion: the probability, the bytes of the text, the text.
        internal const int SuggestionBytes = 256, MaxSuggestions = 32;

        [StructLayout(LayoutKind.Sequential)]
        internal struct LlamaConfig
        {
            internal uint size, vocabSize, hiddenDim, layers, mlpDim, innerDim, headDim;
            internal float innerRate, normEps;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 64)] internal byte[] mixers;
        }

        [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi)]
        internal struct Error
        {
            internal int status;
            internal ulong offset;
            [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 256)] internal string text;
        }

        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_open(byte[] file, UIntPtr size, byte[] config,
            UIntPtr configSize, out ModelHandle model, out Error error);
        [StructLayout(LayoutKind.Sequential)]
        internal struct Shard
        {
            internal IntPtr name, bytes;
            internal UIntPtr size;
        }

        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_open_sharded(byte[] index, UIntPtr indexSize,
            Shard[] shards, UIntPtr count, byte[] config, UIntPtr configSize, out ModelHandle model,
            out Error error);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_release(IntPtr model);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_get_config(ModelHandle model, out LlamaConfig config);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern ulong bitllama_parameters(ModelHandle model);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern IntPtr bitllama_tokenizer_json(ModelHandle model,
            out UIntPtr length);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_session_options_init(out SessionOptions options);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_create_with(ModelHandle model,
            ref SessionOptions options, out SessionHandle session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_session_destroy(IntPtr session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_fork(SessionHandle from,
            out SessionHandle session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_reset(SessionHandle session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern ulong bitllama_session_tokens(SessionHandle session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_read(SessionHandle session, uint[] tokens,
            UIntPtr count, [Out] float[] logprobs, [Out] float[] surprise);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_write(SessionHandle session, uint[] tokens,
            UIntPtr count);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_logits(SessionHandle session,
            [Out] float[] logits);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_freeze(SessionHandle session, int frozen);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_sampling_init(out SamplingOptions options);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_draw(SessionHandle session,
            ref SamplingOptions options, out uint token);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern void bitllama_suggesting_init(out Suggesting suggesting);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_suggest(SessionHandle session, uint[] before,
            UIntPtr count, byte[] typed, UIntPtr typedSize, ref Suggesting suggesting,
            [Out] byte[] list, out uint found);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern UIntPtr bitllama_session_state_size(SessionHandle session);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_save(SessionHandle session, [Out] byte[] state,
            UIntPtr size);
        [DllImport(Name, CallingConvention = Cdecl)]
        internal static extern int bitllama_session_load(SessionHandle session, byte[] state,
            UIntPtr size);
    }
}
