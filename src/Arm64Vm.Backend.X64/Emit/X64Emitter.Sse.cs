using System.Diagnostics;

namespace Arm64Vm.Backend.X64.Emit;

// Legacy SSE encodings: the SHA extensions have no VEX form. They leave bits 255:128 alone, which costs nothing while those are clean.
internal sealed unsafe partial class X64Emitter
{
    public void Sha(ShaOp op, Xmm d, Xmm s)
    {
        Debug.Assert(op != ShaOp.Sha1rnds4, "sha1rnds4 takes an immediate.");
        _cur = OpX(Begin(), 4, Map0F38 | (int)op, (int)d, (int)s, 0);
    }

    public void Sha(ShaOp op, Xmm d, Mem s)
    {
        Debug.Assert(op != ShaOp.Sha1rnds4, "sha1rnds4 takes an immediate.");
        _cur = OpX(Begin(), 4, Map0F38 | (int)op, (int)d, s, 0, 0);
    }

    /// <summary>Four rounds of SHA-1; <paramref name="imm"/> selects choose, parity, majority or parity.</summary>
    public void Sha(ShaOp op, Xmm d, Xmm s, byte imm)
    {
        Debug.Assert(op == ShaOp.Sha1rnds4, "Only sha1rnds4 takes an immediate.");
        Finish(OpX(Begin(), 4, Map0F3A | (byte)op, (int)d, (int)s, 0), imm);
    }

    public void Sha(ShaOp op, Xmm d, Mem s, byte imm)
    {
        Debug.Assert(op == ShaOp.Sha1rnds4, "Only sha1rnds4 takes an immediate.");
        Finish(OpX(Begin(), 4, Map0F3A | (byte)op, (int)d, s, 0, 1), imm);
    }

    public void Movdqa(Xmm d, Xmm s) => _cur = OpX(Begin(), 4, Prefix66 | Map0F | 0x6F, (int)d, (int)s, 0);

    /// <summary>The address must be a multiple of 16.</summary>
    public void Movdqa(Xmm d, Mem s) => _cur = OpX(Begin(), 4, Prefix66 | Map0F | 0x6F, (int)d, s, 0, 0);

    public void Movdqa(Mem d, Xmm s) => _cur = OpX(Begin(), 4, Prefix66 | Map0F | 0x7F, (int)s, d, 0, 0);

    public void Movdqu(Xmm d, Mem s) => _cur = OpX(Begin(), 4, PrefixF3 | Map0F | 0x6F, (int)d, s, 0, 0);

    public void Movdqu(Mem d, Xmm s) => _cur = OpX(Begin(), 4, PrefixF3 | Map0F | 0x7F, (int)s, d, 0, 0);
}
