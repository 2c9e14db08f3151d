namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Stock firmware and kernels, where firmware/fetch-guests.sh has brought them; a test that needs what is not there is skipped.</summary>
internal static class GuestFiles
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static string Find(string name)
    {
        var folder = Environment.GetEnvironmentVariable("ARM64VM_GUESTS")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
        var path = Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(path), $"firmware/fetch-guests.sh has not brought {name}");
        return path;
    }
}
