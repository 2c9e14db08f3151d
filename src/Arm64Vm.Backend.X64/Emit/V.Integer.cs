namespace Arm64Vm.Backend.X64.Emit;

// Packed integer arithmetic and comparison.
internal static partial class V
{
    // Add and subtract, wrapping and saturating.
    public static VexOp Paddb => Int(0xFC).WithTwin();
    public static VexOp Paddw => Int(0xFD).WithTwin();
    public static VexOp Paddd => Int(0xFE).WithTwin();
    public static VexOp Paddq => Int(0xD4).WithTwin(1);
    public static VexOp Psubb => Int(0xF8).WithTwin();
    public static VexOp Psubw => Int(0xF9).WithTwin();
    public static VexOp Psubd => Int(0xFA).WithTwin();
    public static VexOp Psubq => Int(0xFB).WithTwin(1);
    public static VexOp Paddsb => Int(0xEC).WithTwin();
    public static VexOp Paddsw => Int(0xED).WithTwin();
    public static VexOp Paddusb => Int(0xDC).WithTwin();
    public static VexOp Paddusw => Int(0xDD).WithTwin();
    public static VexOp Psubsb => Int(0xE8).WithTwin();
    public static VexOp Psubsw => Int(0xE9).WithTwin();
    public static VexOp Psubusb => Int(0xD8).WithTwin();
    public static VexOp Psubusw => Int(0xD9).WithTwin();

    // Average, minimum, maximum.
    public static VexOp Pavgb => Int(0xE0).WithTwin();
    public static VexOp Pavgw => Int(0xE3).WithTwin();
    public static VexOp Pminub => Int(0xDA).WithTwin();
    public static VexOp Pmaxub => Int(0xDE).WithTwin();
    public static VexOp Pminsw => Int(0xEA).WithTwin();
    public static VexOp Pmaxsw => Int(0xEE).WithTwin();
    public static VexOp Pminsb => Int38(0x38).WithTwin();
    public static VexOp Pminsd => Int38(0x39).WithTwin();
    public static VexOp Pminuw => Int38(0x3A).WithTwin();
    public static VexOp Pminud => Int38(0x3B).WithTwin();
    public static VexOp Pmaxsb => Int38(0x3C).WithTwin();
    public static VexOp Pmaxsd => Int38(0x3D).WithTwin();
    public static VexOp Pmaxuw => Int38(0x3E).WithTwin();
    public static VexOp Pmaxud => Int38(0x3F).WithTwin();
    public static VexOp Phminposuw => Rm(P66, M0F38, 0x41);

    // Comparison: all ones or all zeros per element.
    public static VexOp Pcmpeqb => Int(0x74);
    public static VexOp Pcmpeqw => Int(0x75);
    public static VexOp Pcmpeqd => Int(0x76);
    public static VexOp Pcmpeqq => Int38(0x29);
    public static VexOp Pcmpgtb => Int(0x64);
    public static VexOp Pcmpgtw => Int(0x65);
    public static VexOp Pcmpgtd => Int(0x66);
    public static VexOp Pcmpgtq => Int38(0x37);

    // Multiplication.
    public static VexOp Pmullw => Int(0xD5).WithTwin();
    public static VexOp Pmulld => Int38(0x40).WithTwin();
    public static VexOp Pmulhw => Int(0xE5).WithTwin();
    public static VexOp Pmulhuw => Int(0xE4).WithTwin();
    public static VexOp Pmulhrsw => Int38(0x0B).WithTwin();
    public static VexOp Pmuludq => Int(0xF4).WithTwin(1);
    public static VexOp Pmuldq => Int38(0x28).WithTwin(1);
    public static VexOp Pmaddwd => Int(0xF5).WithTwin();
    public static VexOp Pmaddubsw => Int38(0x04).WithTwin();
    public static VexOp Psadbw => Int(0xF6);
    public static VexOp Mpsadbw => Rvmi(P66, M0F3A, 0x42);

    // Dot product into 32-bit accumulators (AVX-VNNI).
    public static VexOp Pdpbusd => Int38(0x50);
    public static VexOp Pdpbusds => Int38(0x51);
    public static VexOp Pdpwssd => Int38(0x52);
    public static VexOp Pdpwssds => Int38(0x53);

    // Sign and absolute value, horizontal sums.
    public static VexOp Psignb => Int38(0x08);
    public static VexOp Psignw => Int38(0x09);
    public static VexOp Psignd => Int38(0x0A);
    public static VexOp Pabsb => Rm(P66, M0F38, 0x1C).WithTwin();
    public static VexOp Pabsw => Rm(P66, M0F38, 0x1D).WithTwin();
    public static VexOp Pabsd => Rm(P66, M0F38, 0x1E).WithTwin();
    public static VexOp Phaddw => Int38(0x01);
    public static VexOp Phaddd => Int38(0x02);
    public static VexOp Phaddsw => Int38(0x03);
    public static VexOp Phsubw => Int38(0x05);
    public static VexOp Phsubd => Int38(0x06);
    public static VexOp Phsubsw => Int38(0x07);

    // Logic.
    public static VexOp Pand => Int(0xDB).WithTwin();
    public static VexOp Pandn => Int(0xDF).WithTwin();
    public static VexOp Por => Int(0xEB).WithTwin();
    public static VexOp Pxor => Int(0xEF).WithTwin();
    public static VexOp Ptest => Rm(P66, M0F38, 0x17);
}
