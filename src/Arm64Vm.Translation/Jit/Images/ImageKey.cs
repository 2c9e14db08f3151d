using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>Names everything that translations depend on and that is the same for a whole run: this build of the translator, its options, the host's instructions.</summary>
internal static class ImageKey
{
    public const int Size = 32;

    /// <summary>What decides how code is translated.</summary>
    private static Type[] Parts => [typeof(A64Instruction), typeof(IrInst), typeof(X64Compiler), typeof(ImageKey)];

    /// <summary>False where the build does not say which one it is: its code could not be told from another's.</summary>
    public static bool IsKnownBuild => Array.TrueForAll(Parts, type => type.Module.ModuleVersionId != Guid.Empty);

    /// <summary>Of an executor's options: features of the processor model, limits of units, what a debugger needs.</summary>
    /// <param name="options">How instructions are translated.</param>
    /// <param name="features">What the compiler may use.</param>
    /// <param name="stubs">The bytes that emitted code calls by distance.</param>
    public static byte[] Of(TranslatorOptions options, HostFeatures features, ReadOnlySpan<byte> stubs)
    {
        StringBuilder text = new();
        foreach (Type type in Parts)
            text.Append(type.Assembly.GetName().Name).Append(' ').Append(type.Module.ModuleVersionId).Append(' ').Append(Revision(type)).Append('\n');
        text.Append(options with { Stops = null, Verify = false }).Append('\n').Append(features).Append('\n').Append(Convert.ToHexString(Fingerprint(stubs)));
        return Fingerprint(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>A number for some bytes that other bytes do not have by accident; against intent the folder's permissions are the guard.</summary>
    /// <remarks>Not one of the runtime's: they would load a cryptography library at every start, which takes longer than preparing the machine.</remarks>
    private static byte[] Fingerprint(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong rest = (ulong)bytes.Length;
        foreach (byte last in bytes[(words.Length * sizeof(ulong))..])
            rest = (rest << 8) | last;
        ulong[] lanes = [1, 2, 3, 4];
        foreach (ref ulong lane in lanes.AsSpan())
        {
            foreach (ulong word in words)
                lane = new SplitMix64(lane ^ word).Next();
            lane = new SplitMix64(lane ^ rest).Next();
        }

        return MemoryMarshal.AsBytes(lanes.AsSpan()).ToArray();
    }

    private static string? Revision(Type type) => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
}
