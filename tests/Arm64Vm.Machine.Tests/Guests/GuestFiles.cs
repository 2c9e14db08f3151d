namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Stock firmware and kernels, where firmware/fetch-guests.sh and firmware/make-debian-root.sh have brought them; a test that needs what is not there is skipped.</summary>
internal static class GuestFiles
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static string Find(string name)
    {
        var folder = Environment.GetEnvironmentVariable("ARM64VM_GUESTS")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
        var path = Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(path), $"there is no {path}: firmware/{(name.StartsWith("debian/", StringComparison.Ordinal) ? "make-debian-root.sh makes" : "fetch-guests.sh brings")} it");
        return path;
    }
}
