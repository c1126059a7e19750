// Example.cs - patterns that become known, errors that name what is wrong, and drawn tokens.
// SPDX-License-Identifier: MIT
using System;
using System.Globalization;
using System.Linq;
using BitTtt;

static class Example
{
    const int Dim = 64;

    /// <summary>One of many patterns of 64 floats.</summary>
    static float[] Pattern(int kind)
    {
        return Enumerable.Range(0, Dim)
            .Select(i => (float)((i * (2 * kind + 3) + kind) % 17) / 8 - 1).ToArray();
    }

    static void Learn()
    {
        using (var layer = new Layer(new LayerOptions { HiddenDim = Dim, InnerRate = 0.5f }))
        {
            foreach (int kind in new[] { 1, 1, 1, 2, 1 })
            {
                layer.Observe(Pattern(kind), out float[] surprise);
                Console.WriteLine("pattern {0}: surprise {1:F3}", kind, surprise[0]);
            }
            byte[] state = layer.Save();
            float[] next = layer.Forward(Pattern(2));
            using (var other = new Layer(new LayerOptions { InnerRate = 0.5f }))
            {
                other.Load(state);
                bool same = other.Forward(Pattern(2)).SequenceEqual(next);
                Console.WriteLine("a memory of {0} bytes, loaded elsewhere: {1} output",
                    state.Length, same ? "the same" : "another");
            }
            try { layer.Forward(new float[63]); }
            catch (BitTttException e) { Console.WriteLine("error {0}: {1}", e.Status, e.Message); }
        }
    }

    static void Write(string path)
    {
        using (LlamaModel model = LlamaModel.Open(path))
        using (LlamaSession session = model.CreateSession())
        {
            var tokens = session.Generate(new uint[] { 0 }, 8, new Sampling { Seed = 7 }, 0);
            Console.WriteLine("tokens: " + string.Join(" ", tokens));
        }
    }

    static int Main(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture; // a dot in 0.5 everywhere
        try
        {
            Learn();
            if (arguments.Length > 0) Write(arguments[0]);
            return 0;
        }
        catch (Exception e) when (e is BitTttException || e is System.IO.IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
