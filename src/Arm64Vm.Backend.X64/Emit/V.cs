using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>The vector instructions, under their names without the leading V.</summary>
internal static partial class V
{
    /// <summary>Mandatory prefixes as VEX.pp.</summary>
    private const int None = 0;
    private const int P66 = 1;
    private const int PF3 = 2;
    private const int PF2 = 3;

    /// <summary>Opcode maps as VEX.mmmmm.</summary>
    private const int M0F = 1;
    private const int M0F38 = 2;
    private const int M0F3A = 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Rvm(int pp, int map, int opcode, int w = 0) => new(VexShape.Rvm, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Rm(int pp, int map, int opcode, int w = 0) => new(VexShape.Rm, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp RmMem(int pp, int map, int opcode, int w = 0) => new(VexShape.RmMem, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Rvmi(int pp, int map, int opcode, int w = 0) => new(VexShape.Rvmi, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Rmi(int pp, int map, int opcode, int w = 0) => new(VexShape.Rmi, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Mri(int pp, int map, int opcode, int w = 0) => new(VexShape.Mri, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp MrMem(int pp, int map, int opcode, int w = 0) => new(VexShape.MrMem, map, pp, w, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Rvmr(int opcode) => new(VexShape.Rvmr, M0F3A, P66, 0, opcode);

    /// <summary>The most common shape: three operands, prefix 66, map 0F.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Int(int opcode) => Rvm(P66, M0F, opcode);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Int38(int opcode, int w = 0) => Rvm(P66, M0F38, opcode, w);

    /// <summary>An element shift by a register's low quadword, and by a constant through group <paramref name="group"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Shift(int opcode, int group, int extension)
        => new VexOp(VexShape.Shift, M0F, P66, 0, opcode).WithSecond(group, P66, extension);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp ByteShift(int extension) => new VexOp(VexShape.Vmi, M0F, P66, 0, 0x73).WithSecond(0x73, P66, extension);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VexOp Move(int pp, int load, int store, VexShape shape = VexShape.Move)
        => new VexOp(shape, M0F, pp, 0, load).WithSecond(store, pp);
}
