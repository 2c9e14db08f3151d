namespace Arm64Vm.Isa.Generator;

/// <summary>Rewrites <c>src/Arm64Vm.Isa/Generated</c> from the encoding table: <c>dotnet run --project src/Arm64Vm.Isa.Generator [src/Arm64Vm.Isa]</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        string project = args.Length > 0 ? args[0] : Path.Combine("src", "Arm64Vm.Isa");
        try
        {
            string target = Path.Combine(project, "Generated");
            Directory.CreateDirectory(target);
            foreach ((string name, string text) in GeneratedSources.Create(Path.Combine(project, "Encodings")))
                File.WriteAllText(Path.Combine(target, name), text);
            return 0;
        }
        catch (SpecException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
