namespace Arm64Vm.Translation.Jit.Images;

/// <summary>The images that a machine's processors find translations in, and those of this run that later runs will find. Any thread.</summary>
/// <remarks>
/// SAFETY: images that are found lie in files that stay mapped until Dispose, when no processor runs any more.
/// </remarks>
internal sealed unsafe class ImageStore : IDisposable
{
    /// <summary>A run that adds less than one part in this many to what is there is not worth a file.</summary>
    private const long SmallestShare = 512;

    private readonly Lock gate = new();
    private readonly ImageFolder folder;
    private readonly byte[] key;
    private readonly Action<string>? report;

    /// <summary>No longer looked into, but somebody may be reading.</summary>
    private readonly List<ImageFile> former = [];
    private ImageFile[] files = [];
    private ImageFileWriter? writer;
    private bool isClosed;

    private ImageStore(ImageFolder folder, byte[] key, Action<string>? report)
    {
        this.folder = folder;
        this.key = key;
        this.report = report;
    }

    /// <summary>Images that can be found.</summary>
    public int Images => files.Sum(file => file.Images);

    /// <summary>Images that <see cref="Save"/> would write.</summary>
    public int Added
    {
        get
        {
            lock (gate)
                return writer?.Images ?? 0;
        }
    }

    /// <summary>Opens the files of a key; null where the folder cannot be used, which is reported.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="key">See <see cref="ImageKey"/>.</param>
    /// <param name="report">Gets a line for everything that is not used though it is there; null: nobody wants it.</param>
    public static ImageStore? TryOpen(ImageFolder folder, byte[] key, Action<string>? report)
    {
        if (!folder.TryPrepare(out string? problem))
        {
            report?.Invoke($"code cache: {problem}; not used");
            return null;
        }

        folder.DeleteAbandoned();
        ImageStore store = new(folder, key, report);
        store.files = [.. folder.Files(key).Select(file => store.Open(file.FullName)).OfType<ImageFile>()];
        return store;
    }

    /// <summary>The image of the unit at an offset of a page, made from the bytes that are there now.</summary>
    // SAFETY: page is 4096 readable bytes; they may change meanwhile, which the caller finds out afterwards.
    public bool TryFind(in UnitVariant variant, byte* page, int offset, out UnitImage image)
    {
        ulong hash = UnitImage.Hash(variant, page, offset);
        foreach (ImageFile file in Volatile.Read(ref files))
        {
            if (file.TryFind(hash, variant, page, offset, out image))
                return true;
            if (file.IsDamaged)
                Drop(file);
        }

        image = default;
        return false;
    }

    /// <summary>Keeps an image of a unit that has been published.</summary>
    public void Add(in UnitImage image)
    {
        lock (gate)
        {
            if (isClosed || (writer is null && !TryBegin()) || writer!.Bytes > folder.Limit / 2)
                return;
            writer.TryAdd(image);
        }
    }

    /// <summary>Writes what was added into a file, together with what small files hold, and looks into that from now on. May take some hundredths of a second.</summary>
    public void Save()
    {
        lock (gate)
        {
            foreach (ImageFile file in files)
            {
                if (file.IsUsed)
                    ImageFolder.Touch(file.Path);
            }

            if (writer is { } written)
            {
                writer = null;
                using (written)
                {
                    if (written.Bytes > files.Sum(file => file.Size) / SmallestShare)
                        Write(written);
                }
            }

            folder.Trim();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            writer?.Dispose();
            writer = null;
            foreach (ImageFile file in files)
                file.Dispose();
            foreach (ImageFile file in former)
                file.Dispose();
            files = [];
            former.Clear();
        }
    }

    /// <summary>Files that are not much larger than what is there already are written again with it: so there are never many, and each byte is written a few times only.</summary>
    private void Write(ImageFileWriter written)
    {
        List<ImageFile> absorbed = [];
        foreach (ImageFile file in files.OrderBy(file => file.Size))
        {
            if (file.Size > written.Bytes * 2 || written.Bytes + file.Size > folder.Limit / 2)
                break;
            file.AddTo(written);
            absorbed.Add(file);
        }

        string path = folder.NewNames(key).Path;
        try
        {
            written.Complete(path, key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report?.Invoke($"code cache: {path} cannot be written: {e.Message}");
            return;
        }

        foreach (ImageFile file in absorbed)
            ImageFolder.TryDelete(file.Path);
        former.AddRange(absorbed);
        List<ImageFile> left = [.. files.Except(absorbed)];
        if (Open(path) is { } made)
            left.Insert(0, made);
        Volatile.Write(ref files, [.. left]);
    }

    private bool TryBegin()
    {
        try
        {
            writer = new ImageFileWriter(folder.NewNames(key).Temporary);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report?.Invoke($"code cache: {folder.Path} cannot be written: {e.Message}");
            isClosed = true;
            return false;
        }
    }

    private ImageFile? Open(string path)
    {
        if (ImageFile.TryOpen(path, key, out ImageFile? file, out string? problem))
            return file;
        if (problem is not null)
        {
            report?.Invoke($"code cache: {path} {problem}; not used");
            ImageFolder.TryDelete(path);
        }

        return null;
    }

    private void Drop(ImageFile damaged)
    {
        lock (gate)
        {
            if (!files.Contains(damaged))
                return;
            Volatile.Write(ref files, [.. files.Where(file => file != damaged)]);
            former.Add(damaged);
        }

        report?.Invoke($"code cache: {damaged.Path} is damaged; not used");
        ImageFolder.TryDelete(damaged.Path);
    }
}
