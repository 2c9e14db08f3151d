using Arm64Vm.Cpu;

namespace Arm64Vm.Cli.Boot;

/// <summary>Writes log lines as text, each after its category.</summary>
internal sealed class TextLog(TextWriter output, LogCategories enabled) : ILogSink
{
    private readonly Lock _gate = new();

    public bool IsEnabled(LogCategories category) => (enabled & category) != 0;

    public void Write(LogCategories category, string line)
    {
        if (!IsEnabled(category))
            return;
        lock (_gate)
            output.WriteLine($"{LogNames.NameOf(category)}: {line}");
    }
}
