using System.Numerics;

namespace Arm64Vm.Ir.Passes;

/// <summary>Arrays that passes keep from region to region, with an element for each instruction: as large as the largest region so far, since most machines never see one of <see cref="IrRegion.MaxInstructions"/>.</summary>
internal static class Scratch
{
    private const int Smallest = 512;

    /// <summary>Makes room for so many elements; what the array held may be gone.</summary>
    public static void Reserve<T>(ref T[] array, int count)
    {
        if (array.Length < count)
            array = new T[Math.Max(Smallest, (int)BitOperations.RoundUpToPowerOf2((uint)count))];
    }
}
