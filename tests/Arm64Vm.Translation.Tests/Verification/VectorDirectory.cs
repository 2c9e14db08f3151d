namespace Arm64Vm.Translation.Tests.Verification;

/// <summary>Where the repository keeps its instruction vectors.</summary>
internal static class VectorDirectory
{
    public static string Path
    {
        get
        {
            DirectoryInfo? directory = new(AppContext.BaseDirectory);
            while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "Arm64Vm.sln")))
                directory = directory.Parent;
            string root = directory?.FullName ?? throw new DirectoryNotFoundException("the repository's root is not above the tests");
            return System.IO.Path.Combine(root, "tests", "vectors");
        }
    }
}
