// UnityStandIn.cs - the few types of UnityEngine that the component and its README use, and a scene: an object
// runs in a circle, jumps once, and runs on; then the component is switched off and on.
// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;

namespace UnityEngine
{
    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
    }

    public sealed class Transform { public Vector3 position; }
    public class Object { }
    public class MonoBehaviour : Object
    {
        public bool enabled = true;
        public Transform transform { get; } = new Transform();
    }

    public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string text) { } }

    public static class Application { public static string persistentDataPath; }

    public static class Input
    {
        public static float Horizontal;
        public static float GetAxis(string name) { return name == "Horizontal" ? Horizontal : 0; }
    }

    public static class Debug
    {
        public static List<string> Errors = new List<string>(), Lines = new List<string>();
        public static void Log(object message) { Lines.Add((string)message); }
        public static void LogError(object message, Object context) { Errors.Add((string)message); }
    }
}

namespace UnityEngine.Events
{
    public abstract class UnityEvent<T>
    {
        Action<T> listeners;
        public void AddListener(Action<T> listener) { listeners += listener; }
        public void Invoke(T value) { listeners?.Invoke(value); }
    }
}

static class Scene
{
    static int step;

    static void Send(BitTttMemory memory, string message)
    {
        var flags = BindingFlags.Instance | BindingFlags.NonPublic;
        typeof(BitTttMemory).GetMethod(message, flags).Invoke(memory, null);
    }

    static void Run(BitTttMemory memory, int steps, float aside = 0)
    {
        for (int i = 0; i < steps; i++, step++)
        {
            float angle = step * (float)(2 * Math.PI / 50);
            memory.transform.position = new UnityEngine.Vector3(
                (float)Math.Cos(angle), aside, (float)Math.Sin(angle));
            Send(memory, "FixedUpdate");
        }
    }

    static int Main(string[] arguments)
    {
        UnityEngine.Application.persistentDataPath = arguments[0];
        var memory = new BitTttMemory { SaveAs = "memory.ttt" };
        var surprises = new List<int>();
        memory.Surprised.AddListener(value => surprises.Add(step));
        Send(memory, "OnEnable");
        Run(memory, 600);
        Console.WriteLine("in the circle: {0} surprises", surprises.Count);
        Run(memory, 1, 0.3f);
        Console.WriteLine("at the jump: {0}", surprises.Count > 0 ? "surprised" : "not surprised");
        Run(memory, 300);
        surprises.Clear();
        Run(memory, 100);
        Send(memory, "OnDisable");
        Send(memory, "OnEnable");
        Run(memory, 100);
        Console.WriteLine("after a restart: {0} surprises", surprises.Count);
        memory.Forget();
        Run(memory, 700);
        Console.WriteLine("forgotten and learnt again: {0} surprises", surprises.Count);
        var values = new float[3];
        int collections = GC.CollectionCount(0);
        for (int i = 0; i < 300000; i++) memory.Feed(values); // a few bytes each would collect
        Console.WriteLine("{0} collections", GC.CollectionCount(0) - collections);

        var small = new BitTttMemory { SaveAs = "memory.ttt", HiddenDim = 128 };
        Send(small, "OnEnable");
        var broken = new BitTttMemory { HiddenDim = -5 };
        Send(broken, "OnEnable");
        Console.WriteLine("{0} {1}", small.enabled, broken.enabled);
        UnityEngine.Debug.Errors.ForEach(Console.WriteLine);
        foreach (float[] wrong in new[] { null, new float[0], new float[129], new[] { float.NaN } })
            try { small.Feed(wrong); }
            catch (Exception e) { Console.WriteLine(e.GetType().Name); }
        Send(small, "OnDisable");
        var file = new FileInfo(Path.Combine(arguments[0], "memory.ttt"));
        Console.WriteLine("the other memory's file still has {0} bytes", file.Length);
        try { small.Feed(new float[3]); }
        catch (InvalidOperationException e) { Console.WriteLine(e.Message); }

        UnityEngine.Debug.Errors.Clear();
        var folder = new BitTttMemory { SaveAs = "." }; // no file can be written there
        Send(folder, "OnEnable");
        Send(folder, "OnDisable");
        int errors = UnityEngine.Debug.Errors.Count;
        Console.WriteLine("a memory that cannot be kept: {0} error", errors);
        return 0;
    }
}
