using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Backend.X64.Tests.Memory;

public sealed unsafe class CodeBufferTests
{
    [Fact]
    public void BothViewsShowTheSameBytes()
    {
        using CodeBuffer buffer = CodeBuffer.Create(10_000);
        Assert.Equal(12_288, buffer.Size);
        Assert.NotEqual((nint)buffer.Rw, (nint)buffer.Rx);
        buffer.Rw[0] = 0xC3;
        buffer.Rw[buffer.Size - 1] = 0x90;
        Assert.Equal(0xC3, buffer.Rx[0]);
        Assert.Equal(0x90, buffer.Rx[buffer.Size - 1]);
        Assert.Equal((nint)(buffer.Rx + 100), (nint)buffer.RwToRx(buffer.Rw + 100));
        Assert.Equal((nint)(buffer.Rw + 100), (nint)buffer.RxToRw(buffer.Rx + 100));
        Assert.True(buffer.ContainsRx(buffer.Rx + buffer.Size - 1));
        Assert.False(buffer.ContainsRx(buffer.Rx + buffer.Size));
        Assert.False(buffer.ContainsRx(buffer.Rx - 1));
    }

    [Fact]
    public void NoViewIsBothWritableAndExecutable()
    {
        using CodeBuffer buffer = CodeBuffer.Create(4096);
        Assert.Equal("rw-s", Permissions(buffer.Rw));
        Assert.Equal("r-xs", Permissions(buffer.Rx));
    }

    [Fact]
    public void DisposeUnmapsBothViewsOnce()
    {
        var account = new MemoryAccount();
        CodeBuffer buffer = CodeBuffer.Create(1 << 20, account);
        byte* rw = buffer.Rw;
        byte* rx = buffer.Rx;
        Assert.Equal(1 << 20, account.Bytes);
        string writable = Mapping(rw), executable = Mapping(rx);
        Assert.Contains("arm64vm-code", writable);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal(0, account.Bytes);
        // A test beside this one may have put its own buffer there meanwhile: that has another inode.
        Assert.NotEqual(writable, Mapping(rw));
        Assert.NotEqual(executable, Mapping(rx));
        Assert.True(buffer.Rw == null && buffer.Rx == null && buffer.Size == 0);
    }

    [Fact]
    public void PagesArePopulatedWhenTouched()
    {
        // Far more than a test machine would like to commit at once.
        using CodeBuffer buffer = CodeBuffer.Create(CodeBuffer.MaxSize);
        buffer.Rw[buffer.Size - 1] = 1;
        Assert.Equal(1, buffer.Rx[buffer.Size - 1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(CodeBuffer.MaxSize + 1)]
    public void SizesOutOfRangeAreRejected(long size)
        => Assert.Throws<ArgumentOutOfRangeException>(() => CodeBuffer.Create(size));

    [Theory]
    [InlineData(Refusal.Memfd, "memfd_create")]
    [InlineData(Refusal.Truncate, "ftruncate")]
    [InlineData(Refusal.Seal, "fcntl(F_ADD_SEALS)")]
    [InlineData(Refusal.MapWritable, "mmap(PROT_READ|PROT_WRITE)")]
    [InlineData(Refusal.MapExecutable, "mmap(PROT_READ|PROT_EXEC)")]
    public void RefusalNamesTheStepAndLeaksNothing(Refusal refusal, string step)
    {
        RefusingCalls.Start(refusal);
        var account = new MemoryAccount();
        ExecutableMemoryException e = Assert.Throws<ExecutableMemoryException>(() => CodeBuffer.Create<RefusingCalls>(4096, account));
        Assert.Equal(step, e.Step);
        Assert.Equal(LinuxMappingCalls.Eperm, e.Errno);
        Assert.Contains(step, e.Message);
        Assert.Contains(Marshal.GetPInvokeErrorMessage(LinuxMappingCalls.Eperm), e.Message);
        Assert.Equal(0, RefusingCalls.OpenFiles);
        Assert.Equal(0, RefusingCalls.Mappings);
        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public void KernelsThatDoNotKnowMfdExecAreAskedAgainWithoutIt()
    {
        RefusingCalls.Start(Refusal.UnknownFlag);
        using (CodeBuffer buffer = CodeBuffer.Create<RefusingCalls>(4096))
        {
            buffer.Rw[0] = 7;
            Assert.Equal(7, buffer.Rx[0]);
        }

        Assert.Equal(0, RefusingCalls.OpenFiles);
        Assert.Equal(0, RefusingCalls.Mappings);
    }

    private static string Permissions(byte* address) => Mapping(address).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

    /// <summary>The line of /proc/self/maps that holds the address, or nothing.</summary>
    private static string Mapping(byte* address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] range = line[..line.IndexOf(' ')].Split('-');
            if (ulong.Parse(range[0], System.Globalization.NumberStyles.HexNumber) <= (ulong)address
                && (ulong)address < ulong.Parse(range[1], System.Globalization.NumberStyles.HexNumber))
            {
                return line;
            }
        }

        return string.Empty;
    }
}
