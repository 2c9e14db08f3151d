using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;

namespace Arm64Vm.Devices.Tpm;

/// <summary>A module of software: swtpm (https://github.com/stefanberger/swtpm), which keeps its state in a folder.</summary>
/// <remarks>
/// swtpm goes into the background; that it ended well says that the module is there. It has one end each of two pairs of sockets, for commands
/// and for control (swtpm_ioctls(3)), and ends when the others are closed, also by the death of this process.
/// </remarks>
internal sealed class SoftwareTpm : ITpm, IDisposable
{
    private const string Program = "swtpm";

    /// <summary>In the folder, held while a machine has it: swtpm's own lock is taken only when the module is switched on, and its failure would show as a module that does not answer.</summary>
    private const string LockFile = "arm64vm.lock";
    private const int DataDescriptor = 3;
    private const int ControlDescriptor = 4;

    // Commands of the control channel.
    private const uint Initialize = 2;
    private const uint Shutdown = 3;
    private const uint SetLocality = 5;
    private const uint Stop = 14;
    private const uint SetBufferSize = 17;

    private const int StatusSize = sizeof(uint);

    /// <summary>Milliseconds for an answer of the control channel, which swtpm gives between commands.</summary>
    private const int Patience = 60_000;

    private readonly FileStream _owner;
    private readonly Socket _data;
    private readonly Socket _control;
    private readonly Lock _controlGate = new();
    private int _locality = -1;

    private SoftwareTpm(FileStream owner, Socket data, Socket control) => (_owner, _data, _control) = (owner, data, control);

    /// <summary>Starts swtpm.</summary>
    /// <param name="folder">Where the module's state is kept; it is made if it is not there. One machine at a time has it.</param>
    /// <exception cref="TpmException">swtpm is not installed, or refuses, or another machine has the folder.</exception>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be made.</exception>
    public static SoftwareTpm Start(string folder)
    {
        var path = Path.GetFullPath(folder);
        if (path.Contains(','))
            throw new TpmException($"The folder of a TPM cannot be '{path}': swtpm takes what follows a comma for an option.");
        MakeFolder(path);
        var owner = Own(path);
        var (data, theirData) = ChildProcess.CreateSocketPair();
        var (control, theirControl) = ChildProcess.CreateSocketPair();
        var (ourData, ourControl) = (Own(data), Own(control));
        try
        {
            Run(path, theirData, theirControl);
            return new SoftwareTpm(owner, ourData, ourControl);
        }
        catch
        {
            ourData.Dispose();
            ourControl.Dispose();
            owner.Dispose();
            throw;
        }
        finally
        {
            ChildProcess.Close(theirData);
            ChildProcess.Close(theirControl);
        }
    }

    /// <inheritdoc/>
    public void PowerOn()
    {
        lock (_controlGate)
        {
            _locality = -1;
            Control(Stop, []);
            Control(SetBufferSize, ITpm.MaximumMessage, answer: 4 * sizeof(uint));
            Control(Initialize, 0u);
        }
    }

    /// <inheritdoc/>
    public int Execute(int locality, ReadOnlySpan<byte> command, Span<byte> response)
    {
        try
        {
            if (locality != _locality)
            {
                lock (_controlGate)
                    Control(SetLocality, [(byte)locality]);
                _locality = locality;
            }

            for (var rest = command; !rest.IsEmpty;)
                rest = rest[_data.Send(rest)..];
            Receive(_data, response[..TpmMessage.HeaderSize]);
            var length = TpmMessage.SizeOf(response);
            if (length is < TpmMessage.HeaderSize or > ITpm.MaximumMessage)
                return 0;
            Receive(_data, response[TpmMessage.HeaderSize..(int)length]);
            return (int)length;
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>Ends swtpm.</summary>
    public void Dispose()
    {
        lock (_controlGate)
            Control(Shutdown, []);
        _data.Dispose();
        _control.Dispose();
        _owner.Dispose();
    }

    private static void Run(string folder, int data, int control)
    {
        string[] arguments =
        [
            "socket", "--tpm2", "--tpmstate", $"dir={folder}", "--fd", Invariant(DataDescriptor),
            "--ctrl", $"type=unixio,clientfd={Invariant(ControlDescriptor)}", "--terminate", "--daemon",
        ];
        var status = ChildProcess.Run(Program, arguments, [data, control], out var message);
        if (status is null)
            throw new TpmException($"A TPM needs swtpm, which cannot be started ({message}); 'apt install swtpm' brings it.");
        if (status != 0)
            throw new TpmException($"swtpm does not start: {LastLine(message, status.Value)}");
    }

    private static FileStream Own(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (HostFileLocks.IsHeld(e))
        {
            throw new TpmException($"The TPM in '{folder}' is in use by another machine; each needs its own.");
        }
    }

    private static Socket Own(int descriptor) => new(new SafeSocketHandle(descriptor, ownsHandle: true));

    private static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void Receive(Socket socket, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var received = socket.Receive(destination);
            if (received == 0)
                throw new IOException("swtpm is gone");
            destination = destination[received..];
        }
    }

    private static string LastLine(string output, int status) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it ended with status " + Invariant(status);

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);

    private void Control(uint command, uint argument, int answer = StatusSize)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, argument);
        Control(command, bytes, answer);
    }

    /// <summary>What goes wrong here shows in the answers to commands.</summary>
    private void Control(uint command, ReadOnlySpan<byte> argument, int answer = StatusSize)
    {
        Span<byte> request = stackalloc byte[2 * sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(request, command);
        argument.CopyTo(request[sizeof(uint)..]);
        try
        {
            _control.ReceiveTimeout = Patience;
            _control.Send(request[..(sizeof(uint) + argument.Length)]);
            Span<byte> status = stackalloc byte[4 * sizeof(uint)];
            Receive(_control, status[..answer]);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // It is gone; so the next command has no answer.
        }
    }
}
