namespace Arm64Vm.Backend.X64.Emit;

// Packed integer arithmetic and comparison.
internal static partial class V
{
    // Add and subtract, wrapping and saturating.
    public static VexOp Paddb => Int(0xFC);
    public static VexOp Paddw => Int(0xFD);
    public static VexOp Paddd => Int(0xFE);
    public static VexOp Paddq => Int(0xD4);
    public static VexOp Psubb => Int(0xF8);
    public static VexOp Psubw => Int(0xF9);
    public static VexOp Psubd => Int(0xFA);
    public static VexOp Psubq => Int(0xFB);
    public static VexOp Paddsb => Int(0xEC);
    public static VexOp Paddsw => Int(0xED);
    public static VexOp Paddusb => Int(0xDC);
    public static VexOp Paddusw => Int(0xDD);
    public static VexOp Psubsb => Int(0xE8);
    public static VexOp Psubsw => Int(0xE9);
    public static VexOp Psubusb => Int(0xD8);
    public static VexOp Psubusw => Int(0xD9);

    // Average, minimum, maximum.
    public static VexOp Pavgb => Int(0xE0);
    public static VexOp Pavgw => Int(0xE3);
    public static VexOp Pminub => Int(0xDA);
    public static VexOp Pmaxub => Int(0xDE);
    public static VexOp Pminsw => Int(0xEA);
    public static VexOp Pmaxsw => Int(0xEE);
    public static VexOp Pminsb => Int38(0x38);
    public static VexOp Pminsd => Int38(0x39);
    public static VexOp Pminuw => Int38(0x3A);
    public static VexOp Pminud => Int38(0x3B);
    public static VexOp Pmaxsb => Int38(0x3C);
    public static VexOp Pmaxsd => Int38(0x3D);
    public static VexOp Pmaxuw => Int38(0x3E);
    public static VexOp Pmaxud => Int38(0x3F);
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
    public static VexOp Pmullw => Int(0xD5);
    public static VexOp Pmulld => Int38(0x40);
    public static VexOp Pmulhw => Int(0xE5);
    public static VexOp Pmulhuw => Int(0xE4);
    public static VexOp Pmulhrsw => Int38(0x0B);
    public static VexOp Pmuludq => Int(0xF4);
    public static VexOp Pmuldq => Int38(0x28);
    public static VexOp Pmaddwd => Int(0xF5);
    public static VexOp Pmaddubsw => Int38(0x04);
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
    public static VexOp Pabsb => Rm(P66, M0F38, 0x1C);
    public static VexOp Pabsw => Rm(P66, M0F38, 0x1D);
    public static VexOp Pabsd => Rm(P66, M0F38, 0x1E);
    public static VexOp Phaddw => Int38(0x01);
    public static VexOp Phaddd => Int38(0x02);
    public static VexOp Phaddsw => Int38(0x03);
    public static VexOp Phsubw => Int38(0x05);
    public static VexOp Phsubd => Int38(0x06);
    public static VexOp Phsubsw => Int38(0x07);

    // Logic.
    public static VexOp Pand => Int(0xDB);
    public static VexOp Pandn => Int(0xDF);
    public static VexOp Por => Int(0xEB);
    public static VexOp Pxor => Int(0xEF);
    public static VexOp Ptest => Rm(P66, M0F38, 0x17);
}
