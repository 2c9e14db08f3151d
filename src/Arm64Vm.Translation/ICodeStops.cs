namespace Arm64Vm.Translation;

/// <summary>Knows where a debugger stops guest code: units end before such places, and no unit begins there, so that a processor that comes there fetches.</summary>
internal interface ICodeStops
{
    /// <summary>True where the set that <paramref name="mode"/> names (<see cref="TranslationMode.StopSet"/>, not 0) has the instruction at an offset of the page. A set never changes.</summary>
    bool IsStop(TranslationMode mode, int pageOffset);
}
