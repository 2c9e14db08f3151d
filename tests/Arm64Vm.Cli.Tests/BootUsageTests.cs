using System.Buffers.Binary;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>What the user can get wrong: usage is status 2, unusable files are status 1, each with one line.</summary>
public class BootUsageTests
{
    public static TheoryData<string, string[]> WrongUsage => new()
    {
        { "say what to do", [] },
        { "--colour", ["boot", "--colour"] },
        { "frobnicate", ["frobnicate"] },
        { "pentium", ["boot", "--cpu", "pentium"] },
        { "1 to 64 processors", ["boot", "--cpus", "65"] },
        { "1 to 64 processors", ["boot", "--cpus", "0"] },
        { "many", ["boot", "--cpus", "many"] },
        { "is impossible", ["boot", "--memory", "0"] },
        { "--code-memory: must be 8M to 1G", ["boot", "--code-memory", "7M"] },
        { "--code-memory: must be 8M to 1G", ["boot", "--code-memory", "2G"] },
        { "is not a size", ["boot", "--code-memory", "much"] },
        { "at most 255G", ["boot", "--memory", "1T"] },
        { "is impossible", ["boot", "--memory", "99999999999999T"] },
        { "'lots' is not a size", ["boot", "--memory", "lots"] },
        { "'-5' is not a size", ["boot", "--memory", "-5"] },
        { "multiple of 64K", ["boot", "--memory", "1K"] },
        { "4", ["boot", "--gic", "4"] },
        { "jit", ["boot", "--backend", "jit"] },
        { "--serial", ["boot", "--serial", "tcp"] },
        { "not a number of seconds", ["boot", "--timeout", "soon"] },
        { "not a number of seconds", ["boot", "--timeout", "-1"] },
        { "must not be empty", ["boot", "--until", ""] },
        { "no category 'everything'", ["boot", "--log", "everything"] },
        { "--initrd needs --kernel", ["boot", "--initrd", "x"] },
        { "--vars needs --firmware", ["boot", "--vars", "x"] },
        { "names no file", ["boot", "--disk", ",readonly"] },
        { "no disk format", ["boot", "--disk", "x.img,format=vmdk"] },
        { "names no folder", ["boot", "--share", ",tag=host"] },
        { "needs a tag", ["boot", "--share", "/tmp,readonly"] },
        { "--stats", ["boot", "--stats=xml"] },
        { "--kernel: the file's name must not be empty", ["boot", "--kernel", ""] },
        { "--kernel: a value must follow", ["boot", "--kernel="] },
        { "--firmware: the file's name must not be empty", ["boot", "--firmware", ""] },
        { "--initrd: the file's name must not be empty", ["boot", "--kernel", "x", "--initrd", ""] },
        { "--dtb: the file's name must not be empty", ["boot", "--kernel", "x", "--dtb", ""] },
        { "--vars: the file's name must not be empty", ["boot", "--firmware", "x", "--vars", ""] },
        { "--dump-dtb: the file's name must not be empty", ["boot", "--dump-dtb", ""] },
        { "names no file", ["boot", "--disk", ""] },
        { "--fail: the text must not be empty", ["boot", "--fail", ""] },
        { "IMAGE: the file's name must not be empty", ["lockstep", ""] },
        { "DIR: the folder's name must not be empty", ["verify", ""] },
        { "must not be empty", ["disasm", ""] },
        { "there are two kernels", ["lockstep", "x", "--kernel", "y"] },
        { "--gic: '5' is none of 2, 3", ["boot", "--gic", "5"] },
        { "--stats: 'xml' is none of text, json", ["boot", "--stats", "xml"] },
        { "'--bogus' is no option and no argument of boot", ["boot", "--bogus"] },
        { "'b' is no option and no argument of lockstep", ["lockstep", "a", "b"] },
        { "FILE|HEX is missing", ["disasm"] },
        { "FILE is missing; see 'arm64vm image info --help'", ["image", "info"] },
        { "FILE: the file's name must not be empty", ["image", "info", ""] },
        { "FILE: the file's name must not be empty", ["image", "check", ""] },
        { "FILE: the file's name must not be empty", ["image", "create", "", "1G"] },
        { "FILE: the file's name must not be empty", ["image", "resize", "", "1G"] },
        { "SOURCE: the file's name must not be empty", ["image", "convert", "", "x"] },
        { "TARGET: the file's name must not be empty", ["image", "convert", "x", ""] },
        { "shell: 'tcsh' is none of bash, zsh, fish", ["completion", "tcsh"] },
        { "--cpu: 'max,foo' is none of max,", ["boot", "--cpu", "max,foo"] },
        { "--memory: must be at most 255G; 1000001 without a unit is MiB", ["boot", "--memory", "1000001"] },
        { "--cpus: 'x' is not a number", ["boot", "--cpus", "x"] },
        { "names no file", ["boot", "--firmware", "x", "--vars", ",create"] },
        { "too long; the longest is 1000000000", ["boot", "--timeout", "1e99"] },
        { "there must be some time", ["boot", "--timeout", "0"] },
        { "none of ctrl-a", ["boot", "--escape", "x"] },
        { "--virtio-console: 'tcp'", ["boot", "--virtio-console", "tcp"] },
        { "the serial console is on stdio", ["boot", "--virtio-console", "stdio"] },
        { "--serial2: the serial console is on stdio", ["boot", "--serial2", "stdio"] },
        { "--serial: stdio is given twice", ["boot", "--serial", "stdio", "--serial", "stdio"] },
        { "'tcp:somewhere' is none of tcp::PORT", ["boot", "--serial", "tcp:somewhere"] },
        { "'telnet' is no option of a port", ["boot", "--serial", "tcp::1,server,telnet"] },
        { "only a server waits", ["boot", "--serial", "tcp::1,nowait"] },
        { "is none of tcp::PORT", ["boot", "--serial", "unix:,server"] },
        { "--copies: the consoles go to stdio or none", ["boot", "--copies", "2", "--serial", "pty"] },
        { "--trace needs --trace-file", ["boot", "--trace", "exec"] },
        { "--trace-file needs --trace", ["boot", "--trace-file", "x"] },
        { "--trace-format needs --trace", ["boot", "--trace-format", "json"] },
        { "'steps' is none of exec, exceptions", ["boot", "--trace", "exec,steps", "--trace-file", "x"] },
        { "is not LOW-HIGH", ["boot", "--trace", "exec", "--trace-file", "x", "--trace-range", "0x2-0x1"] },
        { "--copies does not go with --trace", ["boot", "--copies", "2", "--trace", "exec", "--trace-file", "x"] },
        { "--trace-file: 'x' is used by --serial too", ["boot", "--trace", "exec", "--trace-file", "x", "--serial", "file:x"] },
        { "takes no input", ["lockstep", "--serial", "pty"] },
    };

    [Theory]
    [MemberData(nameof(WrongUsage))]
    public void WrongUsageIsStatus2(string message, string[] arguments) => CliRun.Of(arguments).ExpectFailure(2, message);

    public static TheoryData<string, byte[]> WrongKernels => new()
    {
        { "empty", [] },
        { "truncated", "\u007FELF"u8.ToArray() },
        { "another processor", new TestProgram().Hang().ToElf(machine: 62) },
        { "outside RAM", Patched(64 + 24, 0) },
        { "truncated", Patched(64 + 8, 0x10000) },
        { "entry point", Patched(24, 0) },
        { "program headers", Patched(32, 0x10000) },
        { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] },
        { "x86", X86Kernel() },
        { "xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(WrongKernels))]
    public void UnusableKernelsAreStatus1(string message, byte[] contents)
    {
        using var file = new TemporaryFile(contents);
        CliRun.Of("boot", "--kernel", file.Path, "--memory", "64M").ExpectFailure(1, message);
    }

    [Fact]
    public void UnusableOtherFilesAreStatus1()
    {
        using var kernel = new TemporaryFile(new TestProgram().PowerOff().ToElf());
        using var noise = new TemporaryFile([1, 2, 3, 4, 5, 6, 7, 8]);
        CliRun.Of("boot", "--kernel", "/nonexistent").ExpectFailure(1, "/nonexistent");
        CliRun.Of("boot", "--kernel", "/").ExpectFailure(1, "/");
        CliRun.Of("boot", "--kernel", kernel.Path, "--dtb", noise.Path).ExpectFailure(1, "device tree");
        CliRun.Of("boot", "--kernel", kernel.Path, "--initrd", noise.Path).ExpectFailure(1, "initrd");
        CliRun.Of("boot", "--kernel", kernel.Path, "--disk", "/nonexistent").ExpectFailure(1, "/nonexistent");
        CliRun.Of("boot", "--firmware", noise.Path, "--vars", "/nonexistent").ExpectFailure(1, "/nonexistent");
        using var vars = new TemporaryFile([1, 2, 3, 4, 5, 6, 7, 8]);
        CliRun.Of("boot", "--firmware", noise.Path, "--vars", vars.Path).ExpectFailure(1, "has 8 bytes, but a flash bank has 67108864");
        CliRun.Of("boot", "--firmware", kernel.Path).ExpectFailure(1, "ELF");
        CliRun.Of("boot", "--kernel", kernel.Path, "--serial", "file:/nonexistent/log").ExpectFailure(1, "/nonexistent/log");
        CliRun.Of("boot", "--kernel", kernel.Path, "--dump-dtb", "/nonexistent/tree").ExpectFailure(1, "/nonexistent/tree");
    }

    [Fact]
    public void AFileOfVariablesIsMadeWhenAsked()
    {
        using var folder = new TemporaryFolder();
        var vars = Path.Combine(folder.Path, "vars.fd");
        using var firmware = new TemporaryFile([0, 0, 0, 0x14]); // b .
        CliRun.Of("boot", "--firmware", firmware.Path, "--vars", vars + ",create", "--memory", "1T").ExpectFailure(2, "--memory");
        CliRun.Of("boot", "--firmware", "/nonexistent", "--vars", vars + ",create").ExpectFailure(1, "/nonexistent");
        Assert.False(File.Exists(vars));
        CliRun.Of("boot", "--firmware", firmware.Path, "--vars", vars + ",create", "--timeout", "5").ExpectFailure(124, "time-out");
        Assert.Equal(64 << 20, new FileInfo(vars).Length);
        using (File.Open(vars, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            CliRun.Of("boot", "--firmware", firmware.Path, "--vars", vars).ExpectFailure(1, "is in use by another machine");
    }

    /// <summary>The payload's first bytes are no gzip: that gzip is supported does not help.</summary>
    [Fact]
    public void ADamagedEfiImageIsCalledDamaged()
    {
        var image = new byte[4096];
        "MZ"u8.CopyTo(image);
        "zimg"u8.CopyTo(image.AsSpan(4));
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(8), 1024);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(12), 1024);
        "gzip"u8.CopyTo(image.AsSpan(24));
        using var file = new TemporaryFile(image);
        CliRun.Of("boot", "--kernel", file.Path).ExpectFailure(1, "should be compressed with gzip, but its first bytes are not gzip's");
    }

    private static byte[] Patched(int offset, ulong value)
    {
        var file = new TestProgram().Hang().ToElf();
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(offset), value);
        return file;
    }

    private static byte[] X86Kernel()
    {
        var file = new byte[0x400];
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        return file;
    }
}
