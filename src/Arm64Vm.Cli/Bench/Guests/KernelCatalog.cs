using System.Collections.Immutable;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>The kernels of the embedded firmware (firmware/embedded/README.md) and their classes; the report has a geometric mean for each class.</summary>
internal static class KernelCatalog
{
    public const string Integer = "integer";
    public const string FloatingPoint = "FP";
    public const string Vector = "NEON/crypto";

    /// <summary>In the order in which the firmware runs them.</summary>
    public static ImmutableArray<string> All { get; } =
        ["sort", "hash", "list", "interp", "recurse", "crc", "strsearch", "matmul", "fft", "nbody", "mandel", "saxpy", "histogram", "sha256", "aesctr", "crc32i"];

    public static string ClassOf(string kernel) => kernel switch
    {
        "sort" or "hash" or "list" or "interp" or "recurse" or "crc" or "strsearch" => Integer,
        "matmul" or "fft" or "nbody" or "mandel" => FloatingPoint,
        _ => Vector,
    };
}
