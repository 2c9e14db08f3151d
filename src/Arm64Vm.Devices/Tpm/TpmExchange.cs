namespace Arm64Vm.Devices.Tpm;

/// <summary>One command and its response, between a register interface and a module: executed on a thread, so that no processor waits.</summary>
/// <remarks>A command that nobody wants any more is executed to its end all the same, as swtpm does. The interface's lock guards it. The thread takes the lock only once a command is done.</remarks>
internal sealed class TpmExchange : IDisposable
{
    private readonly ITpm _tpm;
    private readonly Lock _gate;
    private readonly Action _completed;
    private readonly byte[] _command = new byte[ITpm.MaximumMessage];
    private readonly byte[] _response = new byte[ITpm.MaximumMessage];
    private readonly AutoResetEvent _wanted = new(false);
    private readonly ManualResetEventSlim _idle = new(true);
    private readonly Thread? _thread;
    private int _locality;
    private int _length;
    private volatile bool _isEnding;

    /// <param name="tpm">The module, which is switched on.</param>
    /// <param name="gate">The interface's lock.</param>
    /// <param name="hasThread">False: a command is done when <see cref="Begin"/> returns, in the machine's own time.</param>
    /// <param name="completed">A response is there; called under the lock.</param>
    public TpmExchange(ITpm tpm, Lock gate, bool hasThread, Action completed)
    {
        (_tpm, _gate, _completed) = (tpm, gate, completed);
        tpm.PowerOn();
        if (!hasThread)
            return;
        _thread = new Thread(Run) { IsBackground = true, Name = "arm64vm-tpm" };
        _thread.Start();
    }

    /// <summary>A command is being executed.</summary>
    public bool IsBusy => !_idle.IsSet;

    /// <summary>The response to the last command.</summary>
    public ReadOnlySpan<byte> Response => _response.AsSpan(0, _length);

    /// <summary>Has a command executed; none may be yet.</summary>
    public void Begin(int locality, ReadOnlySpan<byte> command)
    {
        // The module's connection knows no other limit of a command than what its header says.
        if (TpmMessage.SizeOf(command) != (uint)command.Length || command.Length < TpmMessage.HeaderSize)
        {
            _length = TpmMessage.WriteCommandSizeError(_response);
            _completed();
            return;
        }

        command.CopyTo(_command);
        (_locality, _length) = (locality, command.Length);
        _idle.Reset();
        if (_thread is null)
            Execute();
        else
            _wanted.Set();
    }

    /// <summary>Waits until no command is being executed. Not under the lock.</summary>
    public void Finish() => _idle.Wait();

    /// <summary>Finishes what is being executed, and ends the thread. Not under the lock.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _wanted.Set();
        _thread?.Join();
        _wanted.Dispose();
        _idle.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wanted.WaitOne();
            if (IsBusy)
                Execute();
            if (_isEnding)
                return;
        }
    }

    private void Execute()
    {
        var length = _tpm.Execute(_locality, _command.AsSpan(0, _length), _response);
        lock (_gate)
        {
            _length = length > 0 ? length : TpmMessage.WriteFailure(_response);
            _idle.Set();
            _completed();
        }
    }
}
