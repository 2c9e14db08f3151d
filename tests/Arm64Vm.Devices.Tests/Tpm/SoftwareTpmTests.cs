using Arm64Vm.Devices.Tpm;

namespace Arm64Vm.Devices.Tests.Tpm;

/// <summary>The module of software, where swtpm is installed.</summary>
public sealed class SoftwareTpmTests : IDisposable
{
    /// <summary>TPM2_Startup(CLEAR), TPM2_GetRandom(8).</summary>
    private static readonly byte[] s_startUp = Convert.FromHexString("80010000000c000001440000");
    private static readonly byte[] s_random = Convert.FromHexString("80010000000c0000017b0008");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");
    private readonly byte[] _response = new byte[ITpm.MaximumMessage];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void CommandsAreExecutedAndAPowerOnForgets()
    {
        OptionalTool.Require("swtpm", "apt install swtpm");
        using var tpm = SoftwareTpm.Start(Path.Combine(_folder.FullName, "state"));
        tpm.PowerOn();
        Assert.Equal("80010000000A00000100", Execute(tpm, s_random));
        Assert.Equal("80010000000A00000000", Execute(tpm, s_startUp));
        var first = Execute(tpm, s_random);
        Assert.StartsWith("800100000014000000000008", first, StringComparison.Ordinal);
        Assert.NotEqual(first, Execute(tpm, s_random, locality: 3));
        tpm.PowerOn();
        Assert.Equal("80010000000A00000100", Execute(tpm, s_random));
    }

    [Fact]
    public void OneMachineAtATimeHasTheState()
    {
        OptionalTool.Require("swtpm", "apt install swtpm");
        using (SoftwareTpm.Start(_folder.FullName))
            Assert.Contains("in use by another machine", Assert.Throws<TpmException>(() => SoftwareTpm.Start(_folder.FullName)).Message, StringComparison.Ordinal);

        // The lock goes with the process, which ends a moment after its sockets.
        Assert.True(SpinWait.SpinUntil(CanStart, 30_000));
    }

    private bool CanStart()
    {
        try
        {
            SoftwareTpm.Start(_folder.FullName).Dispose();
            return true;
        }
        catch (TpmException)
        {
            return false;
        }
    }

    private string Execute(SoftwareTpm tpm, byte[] command, int locality = 0) =>
        Convert.ToHexString(_response.AsSpan(0, tpm.Execute(locality, command, _response)));
}
