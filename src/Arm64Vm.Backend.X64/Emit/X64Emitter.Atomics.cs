namespace Arm64Vm.Backend.X64.Emit;

// Locked read-modify-write instructions and fences (Intel SDM vol. 3A, 9.1 and 9.2).
internal sealed unsafe partial class X64Emitter
{
    /// <summary>Exchanges a register with memory; always locked. Sequentially consistent store.</summary>
    public void Xchg(int size, Mem m, Gpr r)
        => _cur = Op1(Begin(), size, Sized(0x86, size), (int)r, m, ByteRex(size, (int)r), 0);

    /// <summary>r = old value of memory, memory += old value of r.</summary>
    public void LockXadd(int size, Mem m, Gpr r)
        => _cur = OpX(Lock(), size, Map0F | Sized(0xC0, size), (int)r, m, ByteRex(size, (int)r), 0);

    /// <summary>If memory equals rax, memory = r and ZF = 1; otherwise rax = memory and ZF = 0.</summary>
    public void LockCmpxchg(int size, Mem m, Gpr r)
        => _cur = OpX(Lock(), size, Map0F | Sized(0xB0, size), (int)r, m, ByteRex(size, (int)r), 0);

    /// <summary>The same for 16 bytes: compares with rdx:rax, stores rcx:rbx. The address must be a multiple of 16.</summary>
    public void LockCmpxchg16b(Mem m) => _cur = OpX(Lock(), 8, Map0F | 0xC7, 1, m, 0, 0);

    /// <summary>Locked <paramref name="op"/> on memory; Cmp has no locked form.</summary>
    public void LockAlu(AluOp op, int size, Mem m, Gpr r)
        => _cur = Op1(Lock(), size, Sized((int)op << 3, size), (int)r, m, ByteRex(size, (int)r), 0);

    public void LockAlu(AluOp op, int size, Mem m, int imm) => _cur = AluMemImm(Lock(), op, size, m, imm);

    /// <summary>lock or dword [rsp], 0: orders earlier stores before later loads, faster than MFENCE. Changes the flags.</summary>
    public void LockOrRsp0()
    {
        byte* p = Begin();
        *(ulong*)p = 0x00_24_0C_83_F0;
        _cur = p + 5;
    }

    public void Mfence()
    {
        byte* p = Begin();
        *(int*)p = 0xF0AE0F;
        _cur = p + 3;
    }

    public void Lfence()
    {
        byte* p = Begin();
        *(int*)p = 0xE8AE0F;
        _cur = p + 3;
    }

    /// <summary>Spin-wait hint.</summary>
    public void Pause() => Two(0xF3, 0x90);

    private byte* Lock()
    {
        byte* p = Begin();
        *p = 0xF0;
        return p + 1;
    }
}
