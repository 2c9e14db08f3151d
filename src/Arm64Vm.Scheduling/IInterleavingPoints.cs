using System.Runtime.CompilerServices;

namespace Arm64Vm.Scheduling;

/// <summary>Marks the places between two steps that other threads can see. Systematic tests put their explorer here; the product has <see cref="NoPoints"/>, which costs nothing.</summary>
internal interface IInterleavingPoints
{
    static abstract void Reach();
}

/// <summary>No exploration: the calls vanish when the generic code is compiled for it.</summary>
internal readonly struct NoPoints : IInterleavingPoints
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reach()
    {
    }
}
