using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>Looks out for several texts on consoles.</summary>
internal sealed class TextWatches : IDisposable
{
    private readonly List<(string Text, ConsoleWatch Watch)> _watches = [];

    public TextWatches(IEnumerable<SerialConsole> consoles, IReadOnlyList<string> texts)
    {
        foreach (var console in consoles)
            _watches.AddRange(texts.Select(text => (text, console.Watch(text))));
    }

    /// <summary>Each completes when its text has been printed.</summary>
    public IEnumerable<Task> Seen => _watches.Select(entry => entry.Watch.Seen);

    /// <summary>A text that has been printed; null: none.</summary>
    public string? Found => _watches.Find(entry => entry.Watch.IsSeen).Text;

    public void Dispose()
    {
        foreach (var (_, watch) in _watches)
            watch.Dispose();
    }
}
