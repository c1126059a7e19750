// CSharpChecks.cs - the wrapper in C#: what it computes, and what bad input throws.
// SPDX-License-Identifier: MIT
using System;
using System.IO;
using System.Linq;
using System.Threading;
using BitTtt;

static class CSharpChecks
{
    static int passed, failed;

    static void Check(string what, bool good)
    {
        if (good) passed++;
        else failed++;
        if (!good) Console.WriteLine("failed: " + what);
    }

    static void Throws<T>(string text, Action action, int status = 0) where T : Exception
    {
        try { action(); }
        catch (T e)
        {
            bool same = status == 0 || ((e as BitTttException)?.Status ?? 0) == status;
            Check(text + " (was: " + e.Message + ")", same && e.Message.Contains(text));
            return;
        }
        catch (Exception e) { Check(text + " (was: " + e.GetType() + ")", false); return; }
        Check(text + " (nothing was thrown)", false);
    }

    static void Fails(int status, string text, Action action)
    {
        Throws<BitTttException>(text, action, status);
    }

    static float[] Tokens(int count, int dim = 64)
    {
        return Enumerable.Range(0, count * dim)
            .Select(i => (float)((i * 7919L) % 1000) / 500 - 1).ToArray();
    }

    static void Library(string conformance)
    {
        Check("hash", BitTttLibrary.ConformanceHash().ToString("x16") == conformance);
        Check("version", BitTttLibrary.Version.Split('.').Length == 3);
        Check("kernel", BitTttLibrary.Kernel.Length > 0);
        Fails(60, "loaded already", () => BitTttLibrary.Load("/no/such/file"));
    }

    static void Results()
    {
        var options = new LayerOptions { HiddenDim = 256, Objective = Objective.Predict };
        using (var whole = new Layer(options))
        using (var parts = new Layer(options))
        using (var many = new Layer(new LayerOptions
            { HiddenDim = 256, Objective = Objective.Predict, Threads = 3 }))
        {
            float[] data = Tokens(60, 256), output = whole.Observe(data, out float[] surprise);
            Check("threads", many.Forward(data).SequenceEqual(output));
            var first = parts.Forward(data.Take(256 * 7).ToArray());
            var second = parts.Observe(data.Skip(256 * 7).ToArray(), out float[] rest);
            Check("splits", first.Concat(second).SequenceEqual(output));
            Check("surprise", rest.SequenceEqual(surprise.Skip(7)) && surprise.Length == 60);
            Check("memory", whole.Memory().SequenceEqual(parts.Memory()) && parts.TokensSeen == 60);
            float[] own = (float[])data.Clone();
            whole.Reset();
            whole.Observe(own, own, surprise);
            Check("in place", own.SequenceEqual(output));
        }
    }

    static void States()
    {
        using (var layer = new Layer())
        using (var other = new Layer(new LayerOptions { Seed = 2 }))
        {
            layer.Forward(Tokens(5));
            byte[] state = layer.Save(), damaged = (byte[])state.Clone();
            damaged[100] ^= 1;
            using (Layer twin = layer.Clone())
            {
                layer.Forward(Tokens(3));
                Check("clone", twin.Save().SequenceEqual(state) && twin.TokensSeen == 5);
                layer.Load(state);
                Check("load", layer.Forward(Tokens(1)).SequenceEqual(twin.Forward(Tokens(1))));
            }
            byte[] before = layer.Save();
            Fails(20, "damaged", () => layer.Load(damaged));
            Fails(20, "not a saved state", () => layer.Load(new byte[0]));
            Fails(25, "other weights", () => other.Load(state));
            Throws<ArgumentNullException>("state", () => layer.Load(null));
            Check("unchanged", layer.Save().SequenceEqual(before));
            layer.GetWeights(out sbyte[] down, out sbyte[] up);
            other.SetWeights(down, up);
            other.Load(state);
            Check("weights", other.Save().SequenceEqual(state));
            Fails(2, "must have 1024 weights", () => other.SetWeights(down, new sbyte[3]));
            Fails(8, "not -1, 0 or 1", () => other.SetWeights(down,
                Enumerable.Repeat((sbyte)2, 1024).ToArray()));
        }
    }

    static void BadCalls()
    {
        Fails(2, "HiddenDim must be 4 to 65536, not -1",
            () => new Layer(new LayerOptions { HiddenDim = -1 }));
        Fails(7, "Threads", () => new Layer(new LayerOptions { Threads = 0 }));
        Fails(7, "InnerRate", () => new Layer(new LayerOptions { InnerRate = float.NaN }));
        Fails(7, "configuration", () => new Layer(new LayerOptions { Objective = (Objective)9 }));
        var layer = new Layer();
        float[] broken = Tokens(2);
        broken[70] = float.NaN;
        byte[] before = layer.Save();
        Fails(3, "input[70] is a NaN", () => layer.Forward(broken));
        Fails(2, "whole tokens of 64 floats; it has 63", () => layer.Forward(new float[63]));
        Fails(2, "it has 0", () => layer.Forward(new float[0]));
        Fails(2, "surprise must have 2", () => layer.Observe(Tokens(2), Tokens(2), new float[3]));
        Fails(2, "output must have 128", () => layer.Observe(Tokens(2), new float[64], null));
        Throws<ArgumentNullException>("input", () => layer.Forward(null));
        Throws<ArgumentNullException>("output", () => layer.Observe(Tokens(1), null, null));
        Check("unchanged", layer.Save().SequenceEqual(before));
        layer.Dispose();
        layer.Dispose();
        Throws<ObjectDisposedException>("", () => layer.Forward(Tokens(1)));
        Throws<ObjectDisposedException>("", () => layer.Save());
        Throws<ObjectDisposedException>("", () => layer.Clone());
        using (var wild = new Layer(new LayerOptions { InnerRate = 50 }))
            Fails(5, "diverges", () => wild.Forward(Tokens(500)));
    }

    static void TwoThreads()
    {
        using (var layer = new Layer(new LayerOptions { HiddenDim = 512 }))
        {
            float[] data = Tokens(200, 512);
            int busy = 0, calls = 0;
            Action<Action> meet = call => // either of the two may be the second
            {
                try { call(); }
                catch (BitTttException e) { busy = e.Status; }
            };
            var worker = new Thread(() =>
            {
                try
                {
                    for (;; Interlocked.Increment(ref calls)) meet(() => layer.Forward(data));
                }
                catch (ObjectDisposedException) { }
            });
            worker.Start();
            while (Volatile.Read(ref busy) == 0 && Volatile.Read(ref calls) < 10000) meet(() => layer.Reset());
            layer.Dispose(); // in the middle of the other thread's call: that ends first
            worker.Join();
            Check("busy", busy == BitTttException.Busy);
        }
    }

    static void Llama(string path)
    {
        Fails(40, "", () => new LlamaModel(new byte[0]));
        Fails(40, "", () => new LlamaModel(new byte[100]));
        LlamaModel model = LlamaModel.Open(path);
        Check("model", model.VocabSize == 3072 && model.Parameters > 4000000);
        Check("tokenizer", model.TokenizerJson.StartsWith("{"));
        LlamaSession session = model.CreateSession();
        model.Dispose();
        model.Dispose();
        Throws<ObjectDisposedException>("", () => model.CreateSession());
        uint[] drawn = session.Generate(new uint[] { 0 }, 8, new Sampling { Seed = 7 }).ToArray();
        Check("tokens", string.Join(" ", drawn) == "425 434 260 397 13 400 284 260");
        byte[] state = session.Save();
        LlamaSession twin = session.Fork();
        float[] logprobs = session.Read(new uint[] { 5, 6 }, out float[] surprise);
        Check("fork", twin.Read(new uint[] { 5, 6 }, out _).SequenceEqual(logprobs));
        session.Load(state);
        float[] repeated = session.Read(new uint[] { 5, 6 }, out float[] again);
        Check("state", repeated.SequenceEqual(logprobs));
        Check("surprise", again.SequenceEqual(surprise) && session.TokensSeen == 11);
        Check("logits", session.Logits().Length == 3072);
        Recall(session);
        session.Freeze();
        Fails(30, "vocabulary", () => session.Read(new uint[] { 3072 }, out _));
        Fails(31, "option", () => session.Draw(new Sampling { Temperature = -1 }));
        Fails(20, "state", () => session.Load(new byte[3]));
        Throws<ArgumentNullException>("tokens", () => session.Read(null, out _));
        session.Reset();
        Check("reset", session.TokensSeen == 0 && session.Logits().All(x => x == 0));
        session.Dispose();
        session.Dispose();
        Throws<ObjectDisposedException>("", () => session.Draw());
    }

    static void Recall(LlamaSession session)
    {
        uint[] told = { 300, 41, 7, 1999, 650, 88, 1200, 43, 911, 5, 2048, 77 };
        session.Read(told, out _);
        Check("recall", session.Read(told, out _).Skip(4).Sum() > -4);
        byte[] state = session.Save();
        Suggestion[] words = session.Suggest(new uint[] { 5 }, "wal", 5, 0);
        Check("suggestions", words.Length == 5 && words.All(one => one.Text.StartsWith("wal")));
        Check("order", words.OrderBy(one => -one.Probability).SequenceEqual(words));
        Check("asking", session.Save().SequenceEqual(state));
        Check("unlikely", session.Suggest(new uint[0], "wal", 3, 1).Length == 0);
        session.Write(new uint[] { 9, 8 });
        Check("written", !session.Save().SequenceEqual(state));
        session.Write(new uint[0]);
        session.Load(state);
        Fails(30, "vocabulary", () => session.Write(new uint[] { 3072 }));
        Fails(30, "vocabulary", () => session.Suggest(new uint[] { 3072 }, ""));
        Fails(31, "option", () => session.Suggest(new uint[0], "", 33));
        Fails(31, "option", () => session.Suggest(new uint[0], "", -1));
        Fails(46, "", () => session.Suggest(new uint[0], new string('a', 201)));
        Throws<ArgumentNullException>("tokens", () => session.Write(null));
        Throws<ArgumentNullException>("before", () => session.Suggest(null, ""));
        Throws<ArgumentNullException>("typed", () => session.Suggest(new uint[0], null));
    }

    static void Recalls(string path)
    {
        LlamaModel model = LlamaModel.Open(path);
        using (LlamaSession session = model.CreateSession(), none = model.CreateSession(0))
        using (LlamaSession all = model.CreateSession(256, true))
        {
            foreach (LlamaSession one in new[] { session, none, all })
                one.Read(new uint[] { 1, 2, 3 }, out _);
            Fails(26, "", () => none.Load(session.Save()));
            Fails(26, "", () => all.Load(session.Save()));
            session.Load(none.Save());
        }
        Fails(31, "option", () => model.CreateSession(100));
    }

    /// Every bit of a seed counts: these differ above the 32nd alone.
    static void Seeds(string path)
    {
        ulong[] seeds = Enumerable.Range(31, 33).Select(i => i == 31 ? 5 : 5 | 1UL << i).ToArray();
        LlamaModel model = LlamaModel.Open(path);
        Func<ulong, string> layer = seed =>
        {
            using (var made = new Layer(new LayerOptions { Seed = seed }))
            {
                made.GetWeights(out sbyte[] down, out _);
                return string.Join(" ", down);
            }
        };
        Func<ulong, string> draw = seed =>
        {
            var wild = new Sampling { Seed = seed, Temperature = 50, MinP = 0 };
            using (LlamaSession session = model.CreateSession())
                return string.Join(" ", session.Generate(new uint[] { 0 }, 12, wild));
        };
        Check("seeds of layers", seeds.Select(layer).Distinct().Count() == 33);
        Check("seeds of draws", seeds.Select(draw).Distinct().Count() == 33);
    }

    static void Shards(string folder)
    {
        LlamaModel model = LlamaModel.Open(folder);
        LlamaModel whole = LlamaModel.Open(Path.Combine(folder, "whole"));
        Check("shards", model.Parameters == whole.Parameters);
        Check("logits of shards", Logits(model).SequenceEqual(Logits(whole)));
        byte[] index = File.ReadAllBytes(Path.Combine(folder, "model.safetensors.index.json"));
        byte[] config = File.ReadAllBytes(Path.Combine(folder, "config.json"));
        var files = Directory.GetFiles(folder, "*.safetensors")
            .ToDictionary(file => Path.GetFileName(file), file => File.ReadAllBytes(file));
        string second = files.Keys.Single(name => name.StartsWith("model-00002"));
        files[second] = new byte[0];
        Fails(40, second + ": the file is too short", () => new LlamaModel(index, config, files));
        files[second] = null;
        Throws<ArgumentNullException>("shards", () => new LlamaModel(index, config, files));
        files.Remove(second);
        Fails(43, second + ": ", () => new LlamaModel(index, config, files));
    }

    static float[] Logits(LlamaModel model)
    {
        using (LlamaSession session = model.CreateSession())
        {
            session.Read(new uint[] { 1, 2, 3 }, out _);
            return session.Logits();
        }
    }

    static int Main(string[] arguments)
    {
        Library(File.ReadAllText(arguments[0]).Trim());
        Results();
        States();
        BadCalls();
        TwoThreads();
        Llama(arguments[1]);
        Recalls(arguments[1]);
        Seeds(arguments[1]);
        Shards(arguments[2]);
        Console.WriteLine("{0} good, {1} bad", passed, failed);
        return failed == 0 ? 0 : 1;
    }
}
