using Arm64Vm.Devices.Tpm;

namespace Arm64Vm.Devices.Tests.Tpm;

/// <summary>Answers each command with a message of a length that is asked for, and can be made to wait or to be gone.</summary>
internal sealed class FakeTpm : ITpm
{
    public int PowerOns { get; private set; }

    public bool IsGone { get; set; }

    public int ResponseLength { get; set; } = 12;

    /// <summary>Not null: commands wait for it.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    public List<(int Locality, byte[] Command)> Commands { get; } = [];

    public void PowerOn() => PowerOns++;

    public int Execute(int locality, ReadOnlySpan<byte> command, Span<byte> response)
    {
        Gate?.Wait();
        Commands.Add((locality, command.ToArray()));
        Response(ResponseLength).CopyTo(response);
        return IsGone ? 0 : ResponseLength;
    }

    /// <summary>What it answers.</summary>
    public static byte[] Response(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 5 + 1))];

    /// <summary>A command with its length.</summary>
    public static byte[] Command(int length)
    {
        var command = Enumerable.Range(0, length).Select(i => (byte)(i * 3)).ToArray();
        command[2] = 0;
        command[3] = 0;
        command[4] = (byte)(length >> 8);
        command[5] = (byte)length;
        return command;
    }
}
