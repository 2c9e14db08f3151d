using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>The folder of files of images: who may write there, how much may be there. Any number of processes use it at once.</summary>
/// <remarks>Files are made under a temporary name and never changed afterwards, so that who opens one finds all of it; who has one open keeps it though it is deleted.</remarks>
internal sealed class ImageFolder
{
    /// <summary>Permissions of the files: their user's alone, since they become code.</summary>
    public const uint FileMode = 0x180;

    public const long DefaultLimit = 256L << 20;

    private const string Extension = ".units";
    private const string TemporaryExtension = ".units-new";
    private const uint OthersMayWrite = 0x12;

    public ImageFolder(string path, long limit = DefaultLimit)
    {
        Path = System.IO.Path.GetFullPath(path);
        Limit = limit;
    }

    public string Path { get; }

    /// <summary>Bytes that the files may have together.</summary>
    public long Limit { get; }

    /// <summary>Makes the folder where it is not there.</summary>
    /// <param name="problem">Why it is not used.</param>
    public bool TryPrepare(out string? problem)
    {
        try
        {
            if (!Directory.Exists(Path) && OperatingSystem.IsWindows())
                Directory.CreateDirectory(Path);
            else if (!Directory.Exists(Path))
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{Path} cannot be made: {e.Message}";
            return false;
        }

        return IsTrusted(out problem);
    }

    /// <summary>True for a folder of this user's in which no other may write.</summary>
    public bool IsTrusted(out string? problem)
    {
        if (!LinuxFileCalls.TryGetOwner(Path, out uint owner, out uint mode) || (mode & LinuxFileCalls.TypeMask) != LinuxFileCalls.Folder)
            problem = $"{Path} is not a folder";
        else if (owner != LinuxFileCalls.User)
            problem = $"{Path} belongs to another user";
        else if ((mode & OthersMayWrite) != 0)
            problem = $"{Path} can be written by other users";
        else
            problem = null;
        return problem is null;
    }

    /// <summary>The files, those used last first; temporary ones left out.</summary>
    public List<FileInfo> Files()
    {
        DirectoryInfo folder = new(Path);
        if (!folder.Exists)
            return [];
        try
        {
            return [.. folder.EnumerateFiles("*" + Extension).OrderByDescending(file => file.LastWriteTimeUtc).ThenBy(file => file.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Those that were made under a key, by their names.</summary>
    public List<FileInfo> Files(ReadOnlySpan<byte> key)
    {
        string start = Prefix(key);
        return Files().FindAll(file => file.Name.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>A name for a new file, and one for it while it is made.</summary>
    public (string Path, string Temporary) NewNames(ReadOnlySpan<byte> key)
    {
        string path = System.IO.Path.Combine(Path, Prefix(key) + Guid.NewGuid().ToString("N")[..12]);
        return (path + Extension, path + TemporaryExtension);
    }

    /// <summary>A file was of use: it goes last.</summary>
    public static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process has put it into a larger one, or evicted it.
        }
    }

    /// <summary>Deletes the files used longest ago until the rest is within the limit, and what processes that are no more have left half-made.</summary>
    public void Trim()
    {
        long sum = 0;
        foreach (FileInfo file in Files())
        {
            sum += Length(file);
            if (sum > Limit)
                TryDelete(file.FullName);
        }

        DeleteAbandoned();
    }

    /// <summary>Deletes all files that are not being made; returns how many, and their bytes.</summary>
    public (int Files, long Bytes) Clear()
    {
        int files = 0;
        long bytes = 0;
        foreach (FileInfo file in Files())
        {
            long length = Length(file);
            if (!TryDelete(file.FullName))
                continue;
            files++;
            bytes += length;
        }

        DeleteAbandoned();
        return (files, bytes);
    }

    public static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Prefix(ReadOnlySpan<byte> key) => Convert.ToHexStringLower(key[..8]) + "-";

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Deletes what processes that were killed have left half-made. The maker of a file holds a lock on it.</summary>
    public void DeleteAbandoned()
    {
        if (!Directory.Exists(Path))
            return;
        foreach (string path in Directory.EnumerateFiles(Path, "*" + TemporaryExtension))
        {
            try
            {
                using (File.Open(path, System.IO.FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                    File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is being made.
            }
        }
    }
}
