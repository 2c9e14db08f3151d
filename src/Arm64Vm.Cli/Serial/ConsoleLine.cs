using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Serial;

/// <summary>A console's place that others come to and leave: one at a time gets what the guest prints meanwhile, and what it sends is typed.</summary>
/// <remarks>
/// Writing never waits, so that nobody outside can hold up a guest: what is printed while nobody is there is lost, and so is what comes when
/// <see cref="OutputQueue.Capacity"/> bytes wait for one who does not take them.
/// </remarks>
internal abstract class ConsoleLine : OutputStream
{
    private static readonly TimeSpan s_lastChance = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private OutputQueue? _output;

    /// <summary>A line that says where it is, for a person; null: the person chose the place.</summary>
    public abstract string? Announcement { get; }

    /// <summary>As QEMU names it.</summary>
    public abstract string Place { get; }

    /// <summary>Completes when the machine may start.</summary>
    public Task Ready => WaitsForPeer ? _ready.Task : Task.CompletedTask;

    /// <summary>The machine starts with the first who comes.</summary>
    protected abstract bool WaitsForPeer { get; }

    /// <summary>Ends waits.</summary>
    protected CancellationToken Stopping => _stop.Token;

    /// <summary>Takes the place; nothing is carried yet.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    public abstract void Open();

    /// <summary>Starts to carry bytes between clients and a console.</summary>
    public void Attach(SerialConsole console) => new Thread(() => Run(console)) { IsBackground = true, Name = "arm64vm-serial" }.Start();

    public override void Write(ReadOnlySpan<byte> buffer) => Volatile.Read(ref _output)?.Offer(buffer);

    /// <summary>Waits for somebody; null: nobody came yet, and it is to be called again.</summary>
    protected abstract Stream? WaitForPeer();

    /// <summary>Gives the place up.</summary>
    protected abstract void CloseLine();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_stop.IsCancellationRequested)
        {
            Volatile.Read(ref _output)?.Drain(s_lastChance);
            _stop.Cancel();
            CloseLine();
        }

        base.Dispose(disposing);
    }

    private void Run(SerialConsole console)
    {
        while (!_stop.IsCancellationRequested)
        {
            using var peer = WaitForPeer();
            if (peer is null)
                continue;
            using var ending = _stop.Token.Register(peer.Dispose);
            using var output = new OutputQueue(peer);
            Volatile.Write(ref _output, output);
            _ready.TrySetResult();
            Carry(peer, console);
            Volatile.Write(ref _output, null);
        }
    }

    /// <summary>Types what somebody sends until he has gone. What he sends after the machine's end is lost, but he may still read.</summary>
    private static void Carry(Stream from, SerialConsole console)
    {
        var buffer = new byte[4096];
        var isTaken = true;
        while (true)
        {
            try
            {
                var count = from.Read(buffer, 0, buffer.Length);
                if (count == 0)
                    return;
                if (isTaken)
                    isTaken = console.TryType(buffer.AsSpan(0, count));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
