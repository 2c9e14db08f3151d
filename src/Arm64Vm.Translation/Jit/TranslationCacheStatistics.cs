namespace Arm64Vm.Translation.Jit;

/// <summary>Counters of a translation cache.</summary>
internal sealed class TranslationCacheStatistics
{
    public long Units { get; private set; }

    public long GuestInstructions { get; private set; }

    public long CodeBytes { get; private set; }

    public long Links { get; internal set; }

    public long Invalidated { get; internal set; }

    public long Evicted { get; internal set; }

    public long Flushes { get; internal set; }

    /// <summary>Units that can be reached, and bytes of their code.</summary>
    public long LiveUnits { get; internal set; }

    public long LiveBytes { get; internal set; }

    internal void Count(int guestInstructions, int codeBytes)
    {
        Units++;
        GuestInstructions += guestInstructions;
        CodeBytes += codeBytes;
    }
}
