namespace Arm64Vm.Backend.X64.Emit;

// Fused multiply-add. The digits number the operands d, a, b: 213 is d = a * d + b, 231 is d = a * b + d.
internal static partial class V
{
    public static VexOp Fmadd132ps => Int38(0x98);
    public static VexOp Fmadd132pd => Int38(0x98, 1);
    public static VexOp Fmadd132ss => Int38(0x99);
    public static VexOp Fmadd132sd => Int38(0x99, 1);
    public static VexOp Fmadd213ps => Int38(0xA8).WithTwin();
    public static VexOp Fmadd213pd => Int38(0xA8, 1).WithTwin(1);
    public static VexOp Fmadd213ss => Int38(0xA9).WithTwin(disp8Shift: 2);
    public static VexOp Fmadd213sd => Int38(0xA9, 1).WithTwin(1, disp8Shift: 3);
    public static VexOp Fmadd231ps => Int38(0xB8).WithTwin();
    public static VexOp Fmadd231pd => Int38(0xB8, 1).WithTwin(1);
    public static VexOp Fmadd231ss => Int38(0xB9).WithTwin(disp8Shift: 2);
    public static VexOp Fmadd231sd => Int38(0xB9, 1).WithTwin(1, disp8Shift: 3);

    public static VexOp Fmsub132ps => Int38(0x9A);
    public static VexOp Fmsub132pd => Int38(0x9A, 1);
    public static VexOp Fmsub132ss => Int38(0x9B);
    public static VexOp Fmsub132sd => Int38(0x9B, 1);
    public static VexOp Fmsub213ps => Int38(0xAA).WithTwin();
    public static VexOp Fmsub213pd => Int38(0xAA, 1).WithTwin(1);
    public static VexOp Fmsub213ss => Int38(0xAB).WithTwin(disp8Shift: 2);
    public static VexOp Fmsub213sd => Int38(0xAB, 1).WithTwin(1, disp8Shift: 3);
    public static VexOp Fmsub231ps => Int38(0xBA).WithTwin();
    public static VexOp Fmsub231pd => Int38(0xBA, 1).WithTwin(1);
    public static VexOp Fmsub231ss => Int38(0xBB).WithTwin(disp8Shift: 2);
    public static VexOp Fmsub231sd => Int38(0xBB, 1).WithTwin(1, disp8Shift: 3);

    public static VexOp Fnmadd132ps => Int38(0x9C);
    public static VexOp Fnmadd132pd => Int38(0x9C, 1);
    public static VexOp Fnmadd132ss => Int38(0x9D);
    public static VexOp Fnmadd132sd => Int38(0x9D, 1);
    public static VexOp Fnmadd213ps => Int38(0xAC).WithTwin();
    public static VexOp Fnmadd213pd => Int38(0xAC, 1).WithTwin(1);
    public static VexOp Fnmadd213ss => Int38(0xAD).WithTwin(disp8Shift: 2);
    public static VexOp Fnmadd213sd => Int38(0xAD, 1).WithTwin(1, disp8Shift: 3);
    public static VexOp Fnmadd231ps => Int38(0xBC).WithTwin();
    public static VexOp Fnmadd231pd => Int38(0xBC, 1).WithTwin(1);
    public static VexOp Fnmadd231ss => Int38(0xBD).WithTwin(disp8Shift: 2);
    public static VexOp Fnmadd231sd => Int38(0xBD, 1).WithTwin(1, disp8Shift: 3);

    public static VexOp Fnmsub132ps => Int38(0x9E);
    public static VexOp Fnmsub132pd => Int38(0x9E, 1);
    public static VexOp Fnmsub132ss => Int38(0x9F);
    public static VexOp Fnmsub132sd => Int38(0x9F, 1);
    public static VexOp Fnmsub213ps => Int38(0xAE).WithTwin();
    public static VexOp Fnmsub213pd => Int38(0xAE, 1).WithTwin(1);
    public static VexOp Fnmsub213ss => Int38(0xAF).WithTwin(disp8Shift: 2);
    public static VexOp Fnmsub213sd => Int38(0xAF, 1).WithTwin(1, disp8Shift: 3);
    public static VexOp Fnmsub231ps => Int38(0xBE).WithTwin();
    public static VexOp Fnmsub231pd => Int38(0xBE, 1).WithTwin(1);
    public static VexOp Fnmsub231ss => Int38(0xBF).WithTwin(disp8Shift: 2);
    public static VexOp Fnmsub231sd => Int38(0xBF, 1).WithTwin(1, disp8Shift: 3);

    public static VexOp Fmaddsub132ps => Int38(0x96);
    public static VexOp Fmaddsub132pd => Int38(0x96, 1);
    public static VexOp Fmaddsub213ps => Int38(0xA6);
    public static VexOp Fmaddsub213pd => Int38(0xA6, 1);
    public static VexOp Fmaddsub231ps => Int38(0xB6);
    public static VexOp Fmaddsub231pd => Int38(0xB6, 1);

    public static VexOp Fmsubadd132ps => Int38(0x97);
    public static VexOp Fmsubadd132pd => Int38(0x97, 1);
    public static VexOp Fmsubadd213ps => Int38(0xA7);
    public static VexOp Fmsubadd213pd => Int38(0xA7, 1);
    public static VexOp Fmsubadd231ps => Int38(0xB7);
    public static VexOp Fmsubadd231pd => Int38(0xB7, 1);
}
