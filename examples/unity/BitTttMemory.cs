// BitTttMemory.cs - a Unity component that learns how its object moves, and tells when it moves
// unexpectedly. Needs BitTtt.cs (examples/csharp, the same file) and the library as a plugin.
// SPDX-License-Identifier: MIT
using System;
using System.IO;
using BitTtt;
using UnityEngine;
using UnityEngine.Events;

/// <summary>Each physics step it shows the movement since the last one to a layer that predicts,
/// and raises Surprised where the surprise exceeds Threshold. Other code may call Feed with
/// signals of its own instead. Main thread only, as all of Unity.</summary>
public sealed class BitTttMemory : MonoBehaviour
{
    [Serializable]
    public sealed class SurpriseEvent : UnityEvent<float> { }

    [Tooltip("Floats a token; larger memories tell more situations apart.")]
    public int HiddenDim = 64;
    [Tooltip("How fast it learns: above 0, below 2.")]
    public float InnerRate = 0.5f;
    [Tooltip("Surprised is raised above this.")]
    public float Threshold = 0.5f;
    [Tooltip("Steps to learn from before Surprised is raised at all.")]
    public int WarmUp = 250;
    [Tooltip("Watch this object's movement; switch off to call Feed yourself.")]
    public bool WatchMovement = true;
    [Tooltip("Metres a step that count as fast.")]
    public float Scale = 0.1f;
    [Tooltip("Keep the memory in this file of the persistent data folder; empty: forget it.")]
    public string SaveAs = "";
    public SurpriseEvent Surprised = new SurpriseEvent();

    /// <summary>Of the last token: 0 where it was foreseen, about 1 where it was not.</summary>
    public float Surprise { get; private set; }

    readonly float[] movement = new float[3], surprise = new float[1];
    Layer layer;
    float[] token, output;
    Vector3 last;
    ulong seen; // tokens since the memory was empty
    bool keepFile; // it holds a memory of other options, which must not be lost

    string FilePath { get { return Path.Combine(Application.persistentDataPath, SaveAs); } }

    static bool OfTheFile(Exception e)
    {
        return e is IOException || e is UnauthorizedAccessException;
    }

    void OnEnable()
    {
        keepFile = false;
        try
        {
            layer = new Layer(new LayerOptions
            {
                HiddenDim = HiddenDim, InnerRate = InnerRate, Objective = Objective.Predict
            });
            if (SaveAs != "" && File.Exists(FilePath)) layer.Load(File.ReadAllBytes(FilePath));
        }
        // no plugin, options out of range, a file of other options or one that cannot be read
        catch (Exception e) when (e is BitTttException || OfTheFile(e))
        {
            Debug.LogError("BitTttMemory: " + e.Message, this);
            if (layer == null) { enabled = false; return; }
            keepFile = true;
        }
        token = new float[HiddenDim];
        output = new float[HiddenDim];
        seen = layer.TokensSeen;
        last = transform.position;
    }

    void OnDisable()
    {
        if (layer == null) return;
        try
        {
            if (SaveAs != "" && !keepFile) File.WriteAllBytes(FilePath, layer.Save());
        }
        catch (Exception e) when (OfTheFile(e))
        {
            Debug.LogError("BitTttMemory: " + e.Message, this);
        }
        layer.Dispose();
        layer = null;
    }

    void FixedUpdate()
    {
        if (!WatchMovement) return;
        Vector3 now = transform.position;
        movement[0] = (now.x - last.x) / Scale;
        movement[1] = (now.y - last.y) / Scale;
        movement[2] = (now.z - last.z) / Scale;
        last = now;
        Feed(movement);
    }

    /// <summary>Shows the next values of any signal, as many each time and about -1 to 1; returns
    /// the surprise. Makes no garbage.</summary>
    public float Feed(float[] values)
    {
        if (layer == null) throw new InvalidOperationException("BitTttMemory is not enabled");
        if (values == null || values.Length == 0 || values.Length > HiddenDim)
            throw new ArgumentException("Feed needs 1 to " + HiddenDim + " values", "values");
        Encode(values);
        layer.Observe(token, output, surprise);
        Surprise = surprise[0];
        if (++seen > (ulong)WarmUp && Surprise > Threshold) Surprised.Invoke(Surprise);
        return Surprise;
    }

    /// <summary>Each value as waves of rising frequency: near values look alike, far ones do not.
    /// </summary>
    void Encode(float[] values)
    {
        for (int i = 0; i < token.Length; i++)
        {
            int wave = i / values.Length;
            double angle = values[i % values.Length] * (1 + wave / 2) * 0.25 + (wave % 2) * 1.5;
            token[i] = (float)Math.Sin(angle);
        }
    }

    /// <summary>Empties the memory.</summary>
    public void Forget()
    {
        if (layer == null) return;
        layer.Reset();
        seen = 0;
    }
}
