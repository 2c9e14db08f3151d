using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>Functions of kernel modules are found in the kernel's list of them.</summary>
public class KernelModulesTests
{
    private const ulong List = 0xFFFF_8000_0100_0100;
    private const ulong First = 0xFFFF_8000_0200_0040;
    private const ulong Second = 0xFFFF_8000_0300_0080;
    private const ulong Text = 0xFFFF_8000_0400_0000;

    private readonly FakeKernelMemory _memory = new();

    public KernelModulesTests()
    {
        Link(List, First + 8, Second + 8, List);
        AddModule(First, "ext4", 0x178, ("ext4_iget", 't', Text, 0x80), ("ext4_ops", 'd', Text + 0x5000, 8), ("ext4_sync", 'T', Text + 0x80, 0x40));
        AddModule(Second, "virtio_blk", 0x390, ("virtblk_done", 't', Text + 0x1000, 0x60), ("$x", 't', Text + 0x1000, 0));
    }

    [Fact]
    public void ModulesHaveTheirFunctions()
    {
        var modules = new KernelModules(_memory).Read(List);
        Assert.Equal(["ext4", "virtio_blk"], modules.Select(module => module.Name));
        Assert.Equal([new KernelModules.Function(Text, 0x80, "ext4_iget"), new KernelModules.Function(Text + 0x80, 0x40, "ext4_sync")], modules[0].Functions);
        Assert.Equal("virtblk_done", Assert.Single(modules[1].Functions).Name);
    }

    /// <summary>A guest that has made its list up does not keep the recording.</summary>
    [Fact]
    public void AListWithoutAnEndIsGivenUp()
    {
        Link(List, First + 8, Second + 8, First + 8);
        var modules = new KernelModules(_memory).Read([new Kallsyms.Symbol(List, 'D', "modules"), new Kallsyms.Symbol(List + 8, 'B', "modules")]);
        Assert.InRange(modules.Count, 2, 1000);
    }

    [Fact]
    public void AListThatIsNamedIsTaken() =>
        Assert.Equal(2, new KernelModules(_memory).Read([new Kallsyms.Symbol(List, 'D', "modules")]).Count);

    /// <summary>Kernels without data in kallsyms: what print_modules loads from is the list.</summary>
    [Theory]
    [InlineData(0x9104_0273u, 0xF940_0260u)] // ADD X19, X19, #0x100; LDR X0, [X19]
    [InlineData(0xD503_201Fu, 0xF940_8260u)] // NOP; LDR X0, [X19, #0x100]
    public void AListWithoutANameIsFoundInCode(uint second, uint third)
    {
        const ulong Code = 0xFFFF_8000_00FF_0200;
        Span<byte> code = stackalloc byte[16];

        // ADRP X1, one page back: something else; ADRP X19, 16 pages on.
        BinaryPrimitives.WriteUInt32LittleEndian(code, 0xF0FF_FFE1);
        BinaryPrimitives.WriteUInt32LittleEndian(code[4..], 0x9000_0093);
        BinaryPrimitives.WriteUInt32LittleEndian(code[8..], second);
        BinaryPrimitives.WriteUInt32LittleEndian(code[12..], third);
        _memory.Write(Code, code);
        List<Kallsyms.Symbol> kernel = [new(Code - 0x100, 'T', "other"), new(Code, 'T', "print_modules"), new(Code + 16, 'T', "another")];
        Assert.Equal(["ext4", "virtio_blk"], new KernelModules(_memory).Read(kernel).Select(module => module.Name));
        kernel[1] = kernel[1] with { Name = "something" };
        Assert.Empty(new KernelModules(_memory).Read(kernel));
    }

    [Fact]
    public void ATableThatIsNoneIsLeftOut()
    {
        // The first symbol is not empty.
        _memory.WriteWord(First + 0x100000, 1);
        var modules = new KernelModules(_memory).Read(List);
        Assert.Empty(modules[0].Functions);
        Assert.Single(modules[1].Functions);
    }

    [Fact]
    public void AListThatLeadsNowhereEnds()
    {
        Assert.Empty(new KernelModules(_memory).Read(0xFFFF_8000_7000_0000));
        Link(List, First + 8, First + 8);
        Assert.InRange(new KernelModules(_memory).Read(List).Count, 1, 1000);
    }

    private void Link(params ulong[] nodes)
    {
        for (var i = 0; i + 1 < nodes.Length; i++)
            _memory.WriteWord(nodes[i], nodes[i + 1]);
    }

    /// <summary>The table at an offset in the structure: its symbols, names and types come behind.</summary>
    private void AddModule(ulong module, string name, ulong tableAt, params (string Name, char Type, ulong Address, ulong Size)[] functions)
    {
        const ulong Symbols = 0x100000;
        const ulong Names = 0x200000;
        const ulong Types = 0x300000;
        _memory.Write(module + 24, Encoding.ASCII.GetBytes(name));

        // Something else that is pointed to.
        _memory.WriteWord(module + 0x60, List);
        _memory.WriteWord(module + tableAt, module + tableAt + 0x20);
        _memory.WriteWord(module + tableAt + 0x20, module + Symbols);
        _memory.WriteWord(module + tableAt + 0x28, 0x1234_0000_0000 | ((ulong)functions.Length + 1));
        _memory.WriteWord(module + tableAt + 0x30, module + Names);
        _memory.WriteWord(module + tableAt + 0x38, module + Types);
        _memory.Write(module + Symbols, new byte[24]);
        _memory.Write(module + Names, new byte[512]);
        _memory.Write(module + 0x800, [0]);
        _memory.Write(module + Types, "?"u8);
        var at = 1;
        for (var i = 0; i < functions.Length; i++)
        {
            var symbol = new byte[24];
            BinaryPrimitives.WriteInt32LittleEndian(symbol, at);
            BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(8), functions[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(16), functions[i].Size);
            _memory.Write(module + Symbols + (ulong)((i + 1) * 24), symbol);
            _memory.Write(module + Types + (ulong)(i + 1), [(byte)functions[i].Type]);
            _memory.Write(module + Names + (ulong)at, Encoding.ASCII.GetBytes(functions[i].Name));
            at += functions[i].Name.Length + 1;
        }
    }
}
