namespace Arm64Vm.Bench.SideBySide;

/// <summary>The classes of the firmware's kernels (firmware/embedded/README.md); the report has a geometric mean for each.</summary>
internal static class KernelCatalog
{
    public const string Integer = "integer";
    public const string FloatingPoint = "FP";
    public const string Vector = "NEON/crypto";

    public static string ClassOf(string kernel) => kernel switch
    {
        "sort" or "hash" or "list" or "interp" or "recurse" or "crc" or "strsearch" => Integer,
        "matmul" or "fft" or "nbody" or "mandel" => FloatingPoint,
        _ => Vector,
    };
}
