namespace Arm64Vm.Backend.X64.Memory;

/// <summary>
/// The host instruction sets that the compiler may use. Each can be switched off, for tests and for comparing code:
/// <c>HostFeatures.Detect() with { Sha = false }</c> or <c>Detect().Without("sha,gfni")</c>.
/// </summary>
internal sealed record HostFeatures
{
    /// <summary>SSE4.2 and CMPXCHG16B: what every x86-64-v2 host has.</summary>
    public bool X64V2 { get; init; }

    public bool Avx { get; init; }

    public bool Avx2 { get; init; }

    public bool Fma { get; init; }

    public bool F16c { get; init; }

    public bool Bmi1 { get; init; }

    public bool Bmi2 { get; init; }

    public bool Lzcnt { get; init; }

    public bool Popcnt { get; init; }

    public bool Movbe { get; init; }

    public bool Aes { get; init; }

    public bool Pclmulqdq { get; init; }

    public bool Sha { get; init; }

    public bool Gfni { get; init; }

    public bool Vaes { get; init; }

    public bool Vpclmulqdq { get; init; }

    public bool AvxVnni { get; init; }

    /// <summary>AVX512F with VL: the foundation of all EVEX forms that we emit.</summary>
    public bool Avx512Vl { get; init; }

    public bool Avx512Bw { get; init; }

    public bool Avx512Dq { get; init; }

    public bool Avx512Cd { get; init; }

    public bool Avx512Vbmi { get; init; }

    public bool Avx512Vnni { get; init; }

    public bool Avx512Bitalg { get; init; }

    public bool Avx512Vpopcntdq { get; init; }

    /// <summary>rep movsb is fast for all sizes (ERMS and FSRM).</summary>
    public bool FastRepMovs { get; init; }

    /// <summary>The time-stamp counter runs at a constant rate in all power states.</summary>
    public bool InvariantTsc { get; init; }

    /// <summary>x86-64-v3, which the compiler takes for granted. A host without it cannot use this backend.</summary>
    public bool MeetsBaseline => X64V2 && Avx && Avx2 && Fma && F16c && Bmi1 && Bmi2 && Lzcnt && Popcnt && Movbe;

    /// <summary>The common instructions on 128-bit vectors take registers 16 to 31.</summary>
    public bool HasUpperVectors => Avx512Vl && Avx512Bw && Avx512Dq;

    /// <summary>No features at all.</summary>
    public static HostFeatures None { get; } = new();

    /// <summary>What this processor and its operating system support.</summary>
    public static HostFeatures Detect() => HostFeatureDetection.Detect();

    /// <summary>Switches off the features in a comma-separated list of names as above, in any case; "avx512" stands for all of its parts.</summary>
    /// <exception cref="ArgumentException">A name is not known.</exception>
    public HostFeatures Without(string list)
    {
        HostFeatures result = this;
        foreach (string name in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            result = result.WithoutOne(name);
        }

        return result;
    }

    private HostFeatures WithoutOne(string name) => name.ToLowerInvariant() switch
    {
        "x64v2" => this with { X64V2 = false },
        "avx" => this with { Avx = false },
        "avx2" => this with { Avx2 = false },
        "fma" => this with { Fma = false },
        "f16c" => this with { F16c = false },
        "bmi1" => this with { Bmi1 = false },
        "bmi2" => this with { Bmi2 = false },
        "lzcnt" => this with { Lzcnt = false },
        "popcnt" => this with { Popcnt = false },
        "movbe" => this with { Movbe = false },
        "aes" => this with { Aes = false },
        "pclmulqdq" => this with { Pclmulqdq = false },
        "sha" => this with { Sha = false },
        "gfni" => this with { Gfni = false },
        "vaes" => this with { Vaes = false },
        "vpclmulqdq" => this with { Vpclmulqdq = false },
        "avxvnni" => this with { AvxVnni = false },
        "avx512" or "avx512vl" => WithoutAvx512(),
        "avx512bw" => this with { Avx512Bw = false },
        "avx512dq" => this with { Avx512Dq = false },
        "avx512cd" => this with { Avx512Cd = false },
        "avx512vbmi" => this with { Avx512Vbmi = false },
        "avx512vnni" => this with { Avx512Vnni = false },
        "avx512bitalg" => this with { Avx512Bitalg = false },
        "avx512vpopcntdq" => this with { Avx512Vpopcntdq = false },
        "fastrepmovs" => this with { FastRepMovs = false },
        "invarianttsc" => this with { InvariantTsc = false },
        _ => throw new ArgumentException($"'{name}' is not a host feature."),
    };

    private HostFeatures WithoutAvx512() => this with
    {
        Avx512Vl = false,
        Avx512Bw = false,
        Avx512Dq = false,
        Avx512Cd = false,
        Avx512Vbmi = false,
        Avx512Vnni = false,
        Avx512Bitalg = false,
        Avx512Vpopcntdq = false,
    };
}
