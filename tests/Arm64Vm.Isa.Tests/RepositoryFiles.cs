namespace Arm64Vm.Isa.Tests;

/// <summary>Finds files of the source tree from the directory that the tests run in.</summary>
internal static class RepositoryFiles
{
    public static string Path(params string[] parts)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory != null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "Arm64Vm.sln")))
                return System.IO.Path.Combine([directory.FullName, .. parts]);
        }

        throw new DirectoryNotFoundException("The tests run outside the source tree.");
    }
}
