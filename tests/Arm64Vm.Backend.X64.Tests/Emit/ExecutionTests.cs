using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Label = Arm64Vm.Backend.X64.Emit.Label;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>Code written through the writable view runs from the executable one.</summary>
public sealed unsafe class ExecutionTests : IDisposable
{
    private readonly CodeBuffer _code = CodeBuffer.Create(1 << 16);
    private readonly X64Emitter _e = new();

    public ExecutionTests() => _e.Reset(_code.Rw, _code.Rx, (int)_code.Size);

    public void Dispose() => _code.Dispose();

    [Fact]
    public void AddsTwoArguments()
    {
        _e.Lea(8, Gpr.Rax, Mem.Index(Gpr.Rdi, Gpr.Rsi, 1));
        _e.Ret();
        Assert.Equal(42, Run(40, 2));
    }

    [Fact]
    public void LoopsThroughLabelsAndConstants()
    {
        // rax = sum of i * 3 for i = rdi .. 1, the factor in a constant behind the code.
        Label loop = _e.NewLabel();
        Label done = _e.NewLabel();
        Label factor = _e.NewLabel();
        _e.MovImm(Gpr.Rax, 0);
        _e.Bind(loop);
        _e.Test(8, Gpr.Rdi, Gpr.Rdi);
        _e.JccShort(Cc.E, done);
        _e.Mov(8, Gpr.Rcx, Gpr.Rdi);
        _e.Imul(8, Gpr.Rcx, Mem.Rip(factor));
        _e.Alu(AluOp.Add, 8, Gpr.Rax, Gpr.Rcx);
        _e.Dec(8, Gpr.Rdi);
        _e.Jmp(loop);
        _e.Bind(done);
        _e.Ret();
        _e.AlignData(8);
        _e.Bind(factor);
        _e.Qword(3);
        Assert.Equal(0, _e.UnresolvedUses);
        Assert.Equal(165, Run(10, 0));
    }

    [Fact]
    public void VectorAdd()
    {
        _e.Vmovq(Xmm.Xmm9, Gpr.Rdi);
        _e.Vmovq(Xmm.Xmm2, Gpr.Rsi);
        _e.Vex(V.Paddb, Xmm.Xmm10, Xmm.Xmm9, Xmm.Xmm2);
        _e.Vmovq(Gpr.Rax, Xmm.Xmm10);
        _e.Ret();
        Assert.Equal(0x00FE_0203_0405_0608, Run(0x01FF_0102_0304_0507, unchecked((long)0xFFFF_0101_0101_0101)));
    }

    [Fact]
    public void PatchedJumpGoesToTheNewTarget()
    {
        int field = _e.JmpPatchable();
        _e.MovImm(Gpr.Rax, 1);
        _e.Ret();
        int second = _e.Position;
        _e.MovImm(Gpr.Rax, 2);
        _e.Ret();
        Assert.Equal(1, Run(0, 0));
        CodePatcher.PatchRel32(_e.RwAddressOf(field), _e.RxAddress(field), _e.RxAddress(second));
        Assert.Equal(2, Run(0, 0));
    }

    [Fact]
    public void PatchingWhileAnotherThreadRunsNeverTearsTheBranch()
    {
        int field = _e.CallPatchable();
        _e.Ret();
        // Targets whose distances differ in every byte: a torn field would call somewhere else.
        int near = _e.Position;
        _e.MovImm(Gpr.Rax, 1);
        _e.Ret();
        _e.Nop(0x5A5A - _e.Position);
        int far = _e.Position;
        _e.MovImm(Gpr.Rax, 2);
        _e.Ret();
        CodePatcher.PatchRel32(_e.RwAddressOf(field), _e.RxAddress(field), _e.RxAddress(near));
        nint entry = (nint)_e.RxAddress(field - 1);

        bool stop = false;
        long seen = 0;
        bool bad = false;
        var runner = new Thread(() =>
        {
            while (!Volatile.Read(ref stop) || seen != 3)
            {
                long result = ((delegate* unmanaged<long>)entry)();
                bad |= result is not (1 or 2);
                seen |= result;
                if (bad)
                {
                    break;
                }
            }
        });
        runner.Start();
        for (int i = 0; i < 20_000 || (Volatile.Read(ref seen) != 3 && runner.IsAlive); i++)
        {
            CodePatcher.PatchRel32(_e.RwAddressOf(field), _e.RxAddress(field), _e.RxAddress((i & 1) == 0 ? far : near));
        }

        Volatile.Write(ref stop, true);
        runner.Join();
        Assert.False(bad);
        Assert.Equal(3, seen);
    }

    private long Run(long a, long b)
    {
        Assert.False(_e.Overflowed);
        // SAFETY: the code follows the System V calling convention and lives until Dispose.
        return ((delegate* unmanaged<long, long, long>)_code.Rx)(a, b);
    }
}
