using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Translation.Tests.Jit.Images;

/// <summary>Images on disk: found again by content, ignored where they are damaged, another's or another build's, and bounded.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed unsafe class ImageStoreTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly UnitVariant Variant = new(default, false, false);

    private readonly string path = Path.Combine(Path.GetTempPath(), "arm64vm-images-" + Guid.NewGuid().ToString("N"));
    private readonly ImageBench bench = new(1 << 20, HostFeatures.Detect());
    private readonly List<string> messages = [];

    public void Dispose()
    {
        bench.Dispose();
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    [Fact]
    public void WhatIsSavedIsFoundByItsBytesAlone()
    {
        Save(Key(1), first: 0, count: 100);
        using ImageStore store = Open(Key(1))!;
        Assert.Equal(100, store.Images);
        for (int n = 0; n < 100; n++)
            Assert.True(Find(store, n), $"unit {n}");
        Assert.False(Find(store, 100));
        Assert.Empty(messages);
    }

    [Fact]
    public void OneStoreFindsWhatItHasSavedItself()
    {
        using ImageStore store = Open(Key(1))!;
        Add(store, 1);
        Assert.False(Find(store, 1));
        store.Save();
        Assert.True(Find(store, 1));
        Assert.Equal(0, store.Added);
    }

    [Fact]
    public void AnotherKeyFindsNothing()
    {
        Save(Key(1), first: 0, count: 1);
        using ImageStore other = Open(Key(2))!;
        Assert.False(Find(other, 0));

        // A key with the same beginning, which is what the file's name has.
        byte[] alike = Key(1);
        alike[31] ^= 1;
        using ImageStore third = Open(alike)!;
        Assert.False(Find(third, 0));
        Assert.Empty(messages);
        Assert.Single(Files());
    }

    [Fact]
    public void TheKeyDependsOnEverythingThatIsTheSameForARun()
    {
        TranslatorOptions options = new();
        HostFeatures features = HostFeatures.Detect();
        string[] keys =
        [
            .. new[]
            {
                ImageKey.Of(options, features, [1, 2]),
                ImageKey.Of(options, features, [1, 3]),
                ImageKey.Of(options, features with { Sha = !features.Sha }, [1, 2]),
                ImageKey.Of(options with { Features = FeatureSet.All }, features, [1, 2]),
                ImageKey.Of(options with { MaxSideExits = 3 }, features, [1, 2]),
                ImageKey.Of(options with { KeepsFlags = true }, features, [1, 2]),
            }.Select(Convert.ToHexString),
        ];
        Assert.True(ImageKey.IsKnownBuild);
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], Convert.ToHexString(ImageKey.Of(new TranslatorOptions { Verify = true }, HostFeatures.Detect(), [1, 2])));
    }

    /// <summary>Header, index: the file is not opened. An image: the file is not used from then on. Either way it is told once, the file goes, and a new one can be made.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(ImageFileHeader.Size + 200)]
    [InlineData(-8)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void ADamagedFileIsIgnoredAndMadeAnew(int place)
    {
        Save(Key(1), first: 0, count: 3);
        string file = Assert.Single(Files());
        byte[] content = File.ReadAllBytes(file);
        switch (place)
        {
            case int.MinValue:
                content = content[..50];
                break;
            case int.MaxValue:
                content = content[..(content.Length / 2)];
                break;
            default:
                // Every place of the index, since only those that are used have a meaning.
                content[place < 0 ? content.Length + place : place] ^= 0x40;
                break;
        }

        File.WriteAllBytes(file, content);
        using (ImageStore store = Open(Key(1))!)
        {
            for (int n = 0; n < 3; n++)
                Find(store, n);
            Assert.False(Find(store, 0) && Find(store, 1) && Find(store, 2));
            Assert.Contains("damaged", Assert.Single(messages));
            Assert.Empty(Files());
            for (int n = 0; n < 3; n++)
                Add(store, n);
            store.Save();
            Assert.True(Find(store, 0) && Find(store, 1) && Find(store, 2));
        }

        using ImageStore again = Open(Key(1))!;
        Assert.True(Find(again, 0) && Find(again, 1) && Find(again, 2));
        Assert.Single(messages);
    }

    [Fact]
    public void FolderAndFilesAreTheUsersAlone()
    {
        Save(Key(1), first: 0, count: 1);
        Assert.Equal(Private, File.GetUnixFileMode(path));
        Assert.Equal(PrivateFile, File.GetUnixFileMode(Assert.Single(Files())));
    }

    [Fact]
    public void AFileThatOthersMayChangeIsNotUsed()
    {
        Save(Key(1), first: 0, count: 1);
        File.SetUnixFileMode(Assert.Single(Files()), PrivateFile | UnixFileMode.GroupWrite);
        using ImageStore store = Open(Key(1))!;
        Assert.False(Find(store, 0));
        Assert.Contains("only this user", Assert.Single(messages));
    }

    [Fact]
    public void AFolderThatOthersMayChangeIsNotUsed()
    {
        Directory.CreateDirectory(path, Private | UnixFileMode.OtherWrite);
        File.SetUnixFileMode(path, Private | UnixFileMode.OtherWrite);
        Assert.Null(Open(Key(1)));
        Assert.Contains("other users", Assert.Single(messages));
    }

    [Fact]
    public void AnotherUsersFolderIsNotUsed()
    {
        Assert.SkipUnless(LinuxFileCalls.TryGetOwner("/etc", out uint owner, out _), "no owners here");
        string foreign = owner != LinuxFileCalls.User ? "/etc" : "/var/cache/man";
        Assert.SkipUnless(LinuxFileCalls.TryGetOwner(foreign, out owner, out _) && owner != LinuxFileCalls.User, "all folders are this user's");
        Assert.False(new ImageFolder(foreign).TryPrepare(out string? problem));
        Assert.Contains("another user", problem);
    }

    [Fact]
    public void APlaceThatIsNoFolderIsNotUsed()
    {
        File.WriteAllText(path, "");
        try
        {
            Assert.Null(Open(Key(1)));
            Assert.Single(messages);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void StoresThatSaveAtOnceLoseNothing()
    {
        using (ImageStore first = Open(Key(1))!)
        using (ImageStore second = Open(Key(1))!)
        {
            Parallel.For(0, 2, which =>
            {
                using ImageBench own = new(1 << 20, HostFeatures.Detect());
                for (int n = 0; n < 40; n++)
                    (which == 0 ? first : second).Add(Compile(own, (which * 30) + n));
                (which == 0 ? first : second).Save();
            });
        }

        using ImageStore store = Open(Key(1))!;
        for (int n = 0; n < 70; n++)
            Assert.True(Find(store, n), $"unit {n}");
        Assert.Empty(messages);
    }

    [Fact]
    public void AFileThatIsOpenStaysUsableWhenAnotherProcessAbsorbsIt()
    {
        Save(Key(1), first: 0, count: 10);
        using ImageStore reader = Open(Key(1))!;
        Save(Key(1), first: 10, count: 30);
        Assert.Single(Files());
        Assert.True(Find(reader, 5));
        using ImageStore later = Open(Key(1))!;
        Assert.Equal(40, later.Images);
        Assert.True(Find(later, 5) && Find(later, 35));
    }

    [Fact]
    public void SmallFilesAreAbsorbed()
    {
        for (int run = 0; run < 32; run++)
            Save(Key(1), first: run * 4, count: 4);
        Assert.InRange(Files().Count, 1, 7);
        using ImageStore store = Open(Key(1))!;
        for (int n = 0; n < 128; n++)
            Assert.True(Find(store, n), $"unit {n}");
    }

    [Fact]
    public void FilesUsedLongestAgoAreEvicted()
    {
        Save(Key(1), first: 0, count: 50);
        long one = new FileInfo(Assert.Single(Files())).Length;
        long limit = one * 5 / 2;
        Save(Key(2), first: 0, count: 50, limit);
        File.SetLastWriteTimeUtc(Files().Single(file => Path.GetFileName(file).StartsWith("01", StringComparison.Ordinal)), DateTime.UtcNow.AddDays(-2));
        File.SetLastWriteTimeUtc(Files().Single(file => Path.GetFileName(file).StartsWith("02", StringComparison.Ordinal)), DateTime.UtcNow.AddDays(-1));

        // A use makes the first one younger than the second.
        using (ImageStore store = Open(Key(1), limit)!)
        {
            Assert.True(Find(store, 0));
            store.Save();
        }

        Save(Key(3), first: 0, count: 50, limit);
        Assert.Equal(["01", "03"], Files().Select(file => Path.GetFileName(file)[..2]).Order());
    }

    [Fact]
    public void ARunKeepsNoMoreThanItsShare()
    {
        using ImageStore store = Open(Key(1), limit: 16384)!;
        for (int n = 0; n < 500; n++)
            Add(store, n);
        store.Save();
        Assert.InRange(new FileInfo(Assert.Single(Files())).Length, 4096, 16384);
    }

    [Fact]
    public void WhatIsLeftHalfMadeIsDeleted()
    {
        Directory.CreateDirectory(path, Private);
        string left = Path.Combine(path, "0100-1.units-new");
        File.WriteAllText(left, "");
        using ImageStore store = Open(Key(1))!;
        Assert.False(File.Exists(left));
        File.WriteAllText(left, "");
        Add(store, 0);
        string own = Assert.Single(Directory.GetFiles(path, "*-new"), file => file != left);

        // Another run ends meanwhile: the file in work is locked, the other is nobody's.
        Save(Key(2), first: 0, count: 1);
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(own));
        store.Save();
        Assert.True(Find(store, 0));
        Assert.Equal(2, Files().Count);
    }

    [Fact]
    public void ClearingDeletesAll()
    {
        Save(Key(1), first: 0, count: 5);
        Save(Key(2), first: 0, count: 5);
        using ImageStore open = Open(Key(1))!;
        (int files, long bytes) = new ImageFolder(path).Clear();
        Assert.Equal(2, files);
        Assert.True(bytes > 1000);
        Assert.Empty(Files());
        Assert.True(Find(open, 0));
    }

    private static byte[] Key(byte n)
    {
        byte[] key = new byte[ImageKey.Size];
        key[0] = n;
        return key;
    }

    private List<string> Files() => [.. Directory.GetFiles(path, "*.units")];

    private ImageStore? Open(byte[] key, long limit = ImageFolder.DefaultLimit) =>
        ImageStore.TryOpen(new ImageFolder(path, limit), key, messages.Add);

    private void Save(byte[] key, int first, int count, long limit = ImageFolder.DefaultLimit)
    {
        using ImageStore store = Open(key, limit)!;
        for (int n = first; n < first + count; n++)
            Add(store, n);
        store.Save();
    }

    private void Add(ImageStore store, int n) => store.Add(Compile(bench, n));

    private static UnitImage Compile(ImageBench bench, int n)
    {
        Write(bench, n);
        return bench.Compile(Variant, Offset(n));
    }

    private bool Find(ImageStore store, int n)
    {
        Write(bench, n);
        if (!store.TryFind(Variant, bench.Page, Offset(n), out UnitImage image))
            return false;
        Assert.Equal((uint)Word(n), MemoryMarshal.Read<uint>(image.Guest));
        return true;
    }

    private static void Write(ImageBench bench, int n) => bench.Load(Offset(n), [Word(n), 0xF940_0020, 0xD65F_03C0]);

    private static int Offset(int n) => (n % 7) * 0x40;

    // movz x0, #n
    private static uint Word(int n) => 0xD280_0000 | ((uint)n << 5);
}
