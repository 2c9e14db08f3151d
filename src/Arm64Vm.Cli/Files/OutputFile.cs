using Arm64Vm.Cli.Serial;

namespace Arm64Vm.Cli.Files;

/// <summary>A file that gets what a guest prints. It is neither made nor emptied before everything else has been checked.</summary>
internal sealed class OutputFile(string path) : OutputStream
{
    private FileStream? _file;

    /// <summary>Opens several files and then empties them: where one cannot be opened, none is changed.</summary>
    /// <exception cref="IOException">A file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be made or written.</exception>
    public static void Open(params IEnumerable<OutputFile?> files)
    {
        var all = files.OfType<OutputFile>().ToList();
        foreach (var file in all)
            file.Open();
        foreach (var file in all)
            file.Empty();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            Opened.Write(buffer);
        }
        catch (ArgumentOutOfRangeException e)
        {
            // EFBIG, which the runtime takes for a mistake of the caller's.
            throw new IOException($"'{path}' would become larger than a file may be.", e);
        }
    }

    /// <summary>Writes what the file is to hold; where that fails, the file is left empty, for nobody is to take a part of it for the whole.</summary>
    /// <exception cref="IOException">It cannot be written: the disk is full.</exception>
    public void WriteWhole(Action<Stream> write)
    {
        try
        {
            write(this);
        }
        catch (IOException e)
        {
            Empty();
            throw new IOException($"'{path}' cannot be written, and is left empty: {e.Message}", e);
        }
    }

    public override void Flush() => Opened.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file?.Dispose();
        base.Dispose(disposing);
    }

    private FileStream Opened => _file ?? throw new IOException($"'{path}' is not open.");

    private void Open()
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder.");
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>What is no file in a folder, such as /dev/null, has no length to change.</summary>
    private void Empty()
    {
        if (Opened.CanSeek && Opened.Length > 0)
            Opened.SetLength(0);
    }
}
